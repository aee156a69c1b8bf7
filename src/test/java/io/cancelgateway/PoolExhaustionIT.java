package io.cancelgateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.simulator.Fault;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.springframework.test.context.TestPropertySource;

@TestPropertySource(
        properties = {
            "gateway.upstream.max-connections=1",
            "resilience4j.circuitbreaker.configs.upstream.minimum-number-of-calls=1",
        })
class PoolExhaustionIT extends EndToEnd {

    @Test
    void noFreeConnectionInTimeIs504AndNotTheUpstreamsFault() throws Exception {
        ACME.always(Fault.hangBefore());
        String id = ACME.createBatch().id();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Reply>> replies = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                replies.add(threads.submit(() -> cancel(id)));
            }
            for (Future<Reply> reply : replies) {
                reply.get().isProblem(504, "deadline_exceeded");
            }
        }

        assertThat(count("cancel.gateway.upstream.attempts", "result", "connect_failed"))
                .isPositive();
        assertThat(gauge("resilience4j.circuitbreaker.state", "name", "upstream", "state", "closed"))
                .isEqualTo(1);
    }
}
