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
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two replicas of the packaged gateway on one PostgreSQL under load, of which one is killed. */
@Tag("long")
class KilledReplicaIT {

    private static final int QUEUED = 7;
    private static final int BATCHES = 80;

    @TempDir
    private Path directory;

    @Test
    void nothingIsLostNorCountedTwiceAndTheOtherPicksUp() throws Exception {
        String database = Databases.postgres();
        try (TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC());
                TestGateway.Packaged doomed = start(simulator, database);
                TestGateway.Packaged survivor = start(simulator, database)) {
            TwelveLabsSimulator.Account account = simulator.account(TestGateway.KEY);
            simulator.always(Operation.RETRIEVE, Fault.slow(Duration.ofMillis(200)));
            List<SimulatedBatch> batches = new ArrayList<>();
            for (int i = 0; i < BATCHES; i++) {
                batches.add(account.createBatch(QUEUED + 1, 1, Duration.ofHours(1)));
            }

            AtomicInteger answered = new AtomicInteger();
            List<Future<Integer>> answers = new ArrayList<>();
            try (ExecutorService callers = Executors.newFixedThreadPool(8)) {
                for (SimulatedBatch batch : batches) {
                    boolean first = answers.size() % 2 == 0;
                    answers.add(callers.submit(() -> {
                        int status = cancel(first ? doomed : survivor, survivor, batch.id());
                        answered.incrementAndGet();
                        return status;
                    }));
                }
                await().until(() -> answered.get() > BATCHES / 2);
                // both are in the middle of follow-ups
                simulator.always(Operation.RETRIEVE, Fault.slow(Duration.ofSeconds(3)));
                int polls = simulator.requests(Operation.RETRIEVE).size();
                await().until(() -> simulator.requests(Operation.RETRIEVE).size() > polls + 12);
                doomed.kill();
                simulator.always(Operation.RETRIEVE, Fault.none());
            }
            for (Future<Integer> answer : answers) {
                assertThat(answer.get()).isEqualTo(202);
            }

            Instant killed = Instant.now();
            batches.forEach(batch -> batch.drain(Instant.now()));
            await().atMost(60, TimeUnit.SECONDS)
                    .pollInterval(Duration.ofMillis(500))
                    .untilAsserted(() -> assertThat(batches)
                            .allSatisfy(batch ->
                                    assertThat(survivor.state(batch.id())).isEqualTo("canceled")));
            Duration pickedUp = Duration.between(killed, Instant.now());
            System.out.println("PICKED UP after " + pickedUp);
            assertThat(pickedUp).isLessThan(Duration.ofSeconds(40));
            await().untilAsserted(
                            () -> assertThat(survivor.metric("cancel_gateway_ledger_items", "result=\"canceled\""))
                                    .isEqualTo(QUEUED * BATCHES));
            assertThat(survivor.metric("cancel_gateway_items_total", "result=\"canceled\""))
                    .isLessThanOrEqualTo(QUEUED * BATCHES);
        }
    }

    /** As a caller behind a load balancer: where one replica is gone, the other is asked. */
    private static int cancel(TestGateway.Packaged first, TestGateway.Packaged other, String batchId) {
        try {
            return first.cancel(batchId).status();
        } catch (UncheckedIOException e) {
            return other.cancel(batchId).status();
        }
    }

    private TestGateway.Packaged start(TwelveLabsSimulator simulator, String database) {
        return TestGateway.builder()
                .upstream(simulator)
                .database(database)
                .with("gateway.upstream.deadline", "3s")
                .followUps("300ms", "1s")
                .startPackaged(directory);
    }
}
