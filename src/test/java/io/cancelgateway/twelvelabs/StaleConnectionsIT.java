package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.EndToEnd;
import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.springframework.test.context.TestPropertySource;

/** Many callers and many dead connections, with the breakers of production. */
@TestPropertySource(
        properties = {
            "gateway.retry.max-attempts=3",
            "gateway.retry.budget-ratio=0",
            "gateway.retry.budget-floor=0",
            "resilience4j.circuitbreaker.configs.upstream.minimum-number-of-calls=5",
            "resilience4j.circuitbreaker.configs.tenant.minimum-number-of-calls=5",
        })
class StaleConnectionsIT extends EndToEnd {

    private static final int CALLERS = 8;

    @Test
    void costNobodyAnythingNotEvenABreaker() throws Exception {
        for (int round = 0; round < 5; round++) {
            SIMULATOR.resetReusedConnections(false);
            SIMULATOR.always(Operation.CANCEL, Fault.slow(Duration.ofMillis(50)));
            cancelAll();
            SIMULATOR.resetReusedConnections(true);
            cancelAll();
        }

        assertThat(gauge("cancel.gateway.tenant.breakers", "state", "open")).isZero();
        assertThat(count("cancel.gateway.upstream.attempts", "operation", "cancel", "result", "reset"))
                .isPositive();
        assertThat(count("cancel.gateway.upstream.attempts", "result", "connect_failed"))
                .isZero();
    }

    private void cancelAll() throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Reply>> replies = new ArrayList<>();
            for (int i = 0; i < CALLERS; i++) {
                String id = ACME.createBatch().id();
                replies.add(threads.submit(() -> cancel(id)));
            }
            for (Future<Reply> reply : replies) {
                assertThat(reply.get().status()).as(reply.get().text()).isEqualTo(202);
            }
        }
    }
}
