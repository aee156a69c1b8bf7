package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.simulator.Fault;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.springframework.test.context.TestPropertySource;

@TestPropertySource(
        properties = {
            "gateway.upstream.max-connections=1",
            // how long a free connection is waited for; far shorter than the one is held
            "gateway.upstream.connect-timeout=100ms",
            "gateway.upstream.attempt-timeout=1500ms",
            "resilience4j.circuitbreaker.configs.upstream.minimum-number-of-calls=1",
        })
class PoolExhaustionIT extends EndToEnd {

    @Test
    void noFreeConnectionInTimeIs504AndNotTheUpstreamsFault() throws Exception {
        ACME.always(Fault.hangBefore());
        String id = ACME.createBatch().id();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Reply>> replies = new ArrayList<>();
            Future<Reply> holder = threads.submit(() -> cancel(id));
            await().until(() -> SIMULATOR.requests().size() == 1);
            for (int i = 0; i < 3; i++) {
                replies.add(threads.submit(() -> cancel(id)));
            }
            for (Future<Reply> reply : replies) {
                reply.get().isProblem(504, "deadline_exceeded");
            }
            assertThat(holder).isNotDone();
            holder.get().isProblem(504, "deadline_exceeded");
        }

        assertThat(SIMULATOR.requests()).hasSize(1);
        assertThat(count("cancel.gateway.upstream.attempts", "result", "connect_failed"))
                .isEqualTo(3);
        assertThat(gauge("resilience4j.circuitbreaker.state", "name", "upstream", "state", "closed"))
                .isEqualTo(1);
    }
}
