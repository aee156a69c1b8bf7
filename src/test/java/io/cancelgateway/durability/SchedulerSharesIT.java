package io.cancelgateway.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.Sha256;
import io.cancelgateway.support.TestGateway;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who gets the scheduler's threads: no tenant more than a quarter, and deliveries before polls. */
class SchedulerSharesIT {

    private static final String SLOW_KEY = "tlk_slow_1";
    private static final String OTHER_KEY = "tlk_other_2";

    private final TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC());

    @AfterEach
    void stop() {
        simulator.close();
    }

    @Test
    void aSlowAccountTakesAtMostAQuarter() {
        TwelveLabsSimulator.Account slow = simulator.account(SLOW_KEY);
        slow.always(Fault.hangBefore());
        try (TestGateway gateway = start(8, "1m")) {
            for (int i = 0; i < 20; i++) {
                enqueue(gateway, "slow", slow.createBatch());
            }
            await().until(() -> asked(SLOW_KEY) > 0);
            List<SimulatedBatch> others = Stream.generate(
                            () -> simulator.account(OTHER_KEY).createBatch())
                    .limit(20)
                    .toList();
            others.forEach(batch -> enqueue(gateway, "other", batch));

            await().until(() -> others.stream()
                    .allMatch(batch -> batch.status(Instant.now()).equals("canceling")));
            // none of these has timed out yet
            assertThat(asked(SLOW_KEY)).isBetween(1L, 2L);
        }
    }

    @Test
    void aDeliveryGoesBeforeThePollsThatAreDue() {
        TwelveLabsSimulator.Account account = simulator.account(OTHER_KEY);
        try (TestGateway gateway = start(1, "5s")) {
            for (int i = 0; i < 60; i++) {
                assertThat(gateway.cancel(account.createBatch().id(), "X-Tenant-Id", "other")
                                .status())
                        .isEqualTo(202);
            }
            simulator.always(Operation.RETRIEVE, Fault.slow(Duration.ofMillis(300)));
            int before = simulator.requests(Operation.RETRIEVE).size();
            await().until(() -> simulator.requests(Operation.RETRIEVE).size() > before);
            int cancels = simulator.requests(Operation.CANCEL).size();
            int polls = simulator.requests(Operation.RETRIEVE).size();
            enqueue(gateway, "other", account.createBatch());

            await().atMost(Duration.ofSeconds(30))
                    .until(() -> simulator.requests(Operation.CANCEL).size() > cancels);
            // those that the scheduler's only thread had fetched before; all 60 are due
            assertThat(simulator.requests(Operation.RETRIEVE).size() - polls).isLessThan(15);
        }
    }

    private static void enqueue(TestGateway gateway, String tenant, SimulatedBatch batch) {
        assertThat(gateway.cancel(batch.id(), "X-Tenant-Id", tenant, "Prefer", "respond-async")
                        .status())
                .isEqualTo(202);
    }

    private long asked(String key) {
        return simulator.requests().stream()
                .filter(request ->
                        request.header("x-api-key").filter(key::equals).isPresent())
                .count();
    }

    private TestGateway start(int threads, String attemptTimeout) {
        return TestGateway.bare()
                .upstream(simulator)
                .with("gateway.tenants.slow.api-key", SLOW_KEY)
                .with("gateway.tenants.other.api-key", OTHER_KEY)
                .with("gateway.callers.billing.token-sha256", Sha256.hex(TestGateway.TOKEN))
                .with("gateway.callers.billing.tenants", "slow,other")
                .with("gateway.upstream.attempt-timeout", attemptTimeout)
                .with("db-scheduler.threads", threads)
                .with("db-scheduler.polling-interval", "100ms")
                .with("db-scheduler.shutdown-max-wait", "1s")
                .followUps("50ms", "100ms")
                .start();
    }
}
