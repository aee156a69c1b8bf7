package io.cancelgateway.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.Databases;
import io.cancelgateway.support.TestGateway;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Asynchronous cancels, accepted while the upstream is down, by a packaged gateway that is killed meanwhile. */
@Tag("long")
class DeliveryIT {

    private static final int QUEUED = 7;
    private static final int BATCHES = 200;
    private static final int ANSWERED_BEFORE_THE_KILL = 120;

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"h2", "postgresql"})
    void whatWasAcceptedBeforeAKillIsDeliveredAfterTheNextStart(String vendor) throws Exception {
        String database = vendor.equals("h2") ? Databases.h2(directory) : Databases.postgres();
        try (TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC())) {
            simulator.always(Operation.CANCEL, Fault.status(503, "down"));
            List<SimulatedBatch> batches = batches(simulator);
            Set<SimulatedBatch> accepted;
            try (TestGateway.Packaged doomed = start(simulator, database)) {
                accepted = acceptedUntilTheKill(doomed, batches);
            }
            try (TestGateway.Packaged gateway = start(simulator, database)) {
                simulator.always(Operation.CANCEL, Fault.none());

                awaitDelivered(gateway, accepted);
                assertCountedOnce(gateway, batches);
            }
        }
    }

    @Test
    void theOtherReplicaDelivers() throws Exception {
        String database = Databases.postgres();
        try (TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC());
                TestGateway.Packaged survivor = start(simulator, database);
                TestGateway.Packaged doomed = start(simulator, database)) {
            simulator.always(Operation.CANCEL, Fault.status(503, "down"));
            List<SimulatedBatch> batches = batches(simulator);
            Set<SimulatedBatch> accepted = acceptedUntilTheKill(doomed, batches);
            simulator.always(Operation.CANCEL, Fault.none());

            awaitDelivered(survivor, accepted);
            assertCountedOnce(survivor, batches);
        }
    }

    private static List<SimulatedBatch> batches(TwelveLabsSimulator simulator) {
        TwelveLabsSimulator.Account account = simulator.account(TestGateway.KEY);
        List<SimulatedBatch> batches = new ArrayList<>();
        for (int i = 0; i < BATCHES; i++) {
            batches.add(account.createBatch(QUEUED, 0, Duration.ofHours(1)));
        }
        return batches;
    }

    /** Kills the gateway in the middle of it. Returns those that were answered 202 before. */
    private static Set<SimulatedBatch> acceptedUntilTheKill(
            TestGateway.Packaged gateway, List<SimulatedBatch> batches) {
        Set<SimulatedBatch> accepted = ConcurrentHashMap.newKeySet();
        try (ExecutorService callers = Executors.newFixedThreadPool(16)) {
            for (SimulatedBatch batch : batches) {
                callers.submit(() -> {
                    try {
                        if (gateway.cancel(batch.id(), "Prefer", "respond-async")
                                        .status()
                                == 202) {
                            accepted.add(batch);
                        }
                    } catch (UncheckedIOException e) {
                        // killed before it answered: it may have been accepted or not
                    }
                });
            }
            await().atMost(Duration.ofSeconds(60)).until(() -> accepted.size() >= ANSWERED_BEFORE_THE_KILL);
            gateway.kill();
        }
        return accepted;
    }

    private static void awaitDelivered(TestGateway gateway, Set<SimulatedBatch> accepted) {
        await().atMost(Duration.ofSeconds(120))
                .pollInterval(Duration.ofMillis(500))
                .untilAsserted(() -> assertThat(accepted)
                        .allSatisfy(
                                batch -> assertThat(gateway.state(batch.id())).isEqualTo("canceled")));
    }

    /** What was not answered may have been recorded, too, and is delivered then. */
    private static void assertCountedOnce(TestGateway gateway, List<SimulatedBatch> batches) {
        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            long canceled = batches.stream()
                    .filter(batch -> batch.status(Instant.now()).equals("canceled"))
                    .count();
            assertThat(gateway.metric("cancel_gateway_pending", "state=")).isZero();
            assertThat(gateway.metric("cancel_gateway_ledger_items", "result=\"canceled\""))
                    .isEqualTo(QUEUED * canceled);
            assertThat(batches)
                    .allSatisfy(batch -> assertThat(batch.status(Instant.now()).equals("canceled"))
                            .isEqualTo(gateway.state(batch.id()).equals("canceled")));
        });
    }

    private TestGateway.Packaged start(TwelveLabsSimulator simulator, String database) {
        return TestGateway.builder()
                .upstream(simulator)
                .database(database)
                .with("db-scheduler.heartbeat-interval", "1s") // what is dead is noticed soon
                .with("db-scheduler.threads", 64) // of which one tenant gets a quarter
                .followUps("300ms", "1s")
                .startPackaged(directory);
    }
}
