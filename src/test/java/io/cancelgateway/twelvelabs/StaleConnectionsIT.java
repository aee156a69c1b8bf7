package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.Reply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.TestPropertySource;

/** Connections that died while they were idle, with the breakers of production, no retry and no budget for one. */
@TestPropertySource(
        properties = {
            "gateway.retry.max-attempts=1",
            "gateway.retry.budget-ratio=0",
            "gateway.retry.budget-floor=0",
            "resilience4j.circuitbreaker.configs.upstream.minimum-number-of-calls=5",
            "resilience4j.circuitbreaker.configs.tenant.minimum-number-of-calls=5",
        })
class StaleConnectionsIT extends EndToEnd {

    private static final int CALLERS = 8;

    @Autowired
    private Lanes lanes;

    @BeforeEach
    void forgetEarlierCalls() {
        lanes.retain(Set.of());
    }

    @Test
    void costNobodyAnythingNotEvenABreaker() throws Exception {
        for (int round = 0; round < 5; round++) {
            SIMULATOR.always(Operation.CANCEL, Fault.slow(Duration.ofMillis(50)));
            cancelAll();
            SIMULATOR.killConnections();
            time.push(Duration.ofSeconds(2));
            cancelAll();
        }

        assertThat(gauge("cancel.gateway.tenant.breakers", "state", "open")).isZero();
        assertThat(count("cancel.gateway.upstream.attempts", "operation", "cancel", "result", "reset"))
                .isPositive();
        assertThat(count("cancel.gateway.upstream.attempts", "result", "connect_failed"))
                .isZero();
    }

    @Test
    void oneThatEndsSoonAfterItServedIsAFailureLikeAny() {
        for (int i = 0; i < 5; i++) {
            cancel(ACME.createBatch().id());
            SIMULATOR.killConnections();
            cancel(ACME.createBatch().id());
        }

        // every second call, counted by the account's breaker
        assertThat(count("cancel.gateway.upstream.attempts", "operation", "cancel", "result", "reset"))
                .isPositive();
        assertThat(gauge("cancel.gateway.tenant.breakers", "state", "open")).isEqualTo(1);
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
