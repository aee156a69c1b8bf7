package io.cancelgateway.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.Databases;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.TestGateway;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The packaged gateway with its default database, killed at random moments and started again: what the upstream
 * canceled for us ends canceled and is counted, once.
 */
@Tag("long")
class CrashIT {

    private static final int ROUNDS = Integer.getInteger("crash.rounds", 3);
    private static final int QUEUED = 7;

    @TempDir
    private Path directory;

    private final TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC());
    private final TwelveLabsSimulator.Account account = simulator.account(TestGateway.KEY);
    private final RandomGenerator random = RandomGenerator.getDefault();
    private TestGateway.Packaged gateway;

    @BeforeEach
    void start() {
        gateway = TestGateway.builder()
                .upstream(simulator)
                .database(Databases.h2(directory))
                .with("gateway.upstream.deadline", "3s")
                .with("db-scheduler.heartbeat-interval", "1s") // what is dead is noticed soon
                .followUps("500ms", "1s")
                .startPackaged(directory);
    }

    @AfterEach
    void stop() {
        gateway.close();
        simulator.close();
    }

    @Test
    void betweenTheUpstreamsAnswerAndItsRecord() {
        List<SimulatedBatch> canceled = new ArrayList<>();
        for (int round = 0; round < ROUNDS; round++) {
            SimulatedBatch batch = account.createBatch(QUEUED + 1, 1, Duration.ofHours(1));
            // it takes effect at once, and the answer arrives around the time of the kill
            simulator.next(Operation.CANCEL, Fault.slow(Duration.ofMillis(60)));
            int asked = simulator.requests(Operation.CANCEL).size();
            gateway.cancelAsync(batch.id());
            await().until(() -> simulator.requests(Operation.CANCEL).size() > asked);
            killAfterUpTo(Duration.ofMillis(120));
            canceled.add(batch);

            start();
        }

        awaitAllCanceledAndCounted(canceled);
    }

    @Test
    void whileAFollowUpIsPicked() {
        List<SimulatedBatch> canceled = new ArrayList<>();
        for (int round = 0; round < 2; round++) {
            SimulatedBatch batch = account.createBatch(QUEUED + 1, 1, Duration.ofHours(1));
            canceled.add(batch);
            assertThat(gateway.cancel(batch.id()).status()).isEqualTo(202);
            simulator.always(Operation.RETRIEVE, Fault.hangBefore());
            int polls = simulator.requests(Operation.RETRIEVE).size();
            await().until(() -> simulator.requests(Operation.RETRIEVE).size() > polls);
            killAfterUpTo(Duration.ofMillis(300));
            simulator.always(Operation.RETRIEVE, Fault.none());

            start();

            awaitAllCanceledAndCounted(canceled);
        }
    }

    @Test
    void underManyConcurrentCancels() {
        Map<SimulatedBatch, CompletableFuture<Reply>> answers = new LinkedHashMap<>();
        for (int round = 0; round < ROUNDS; round++) {
            for (int i = 0; i < 20; i++) {
                SimulatedBatch batch = account.createBatch(QUEUED + 1, 1, Duration.ofHours(1));
                answers.put(batch, gateway.cancelAsync(batch.id()));
            }
            killAfterUpTo(Duration.ofMillis(600));

            start();
        }
        List<SimulatedBatch> canceled = answers.keySet().stream()
                .filter(batch -> batch.status(Instant.now()).equals("canceling"))
                .toList();

        // an answer that was given is backed by a record
        answers.forEach((batch, answer) -> {
            if (answer.isDone()
                    && !answer.isCompletedExceptionally()
                    && answer.join().status() == 202) {
                assertThat(gateway.record(batch.id()).has("accepted_at")).isTrue();
            }
        });
        awaitAllCanceledAndCounted(canceled);
    }

    private void killAfterUpTo(Duration longest) {
        LockSupport.parkNanos(random.nextLong(longest.toNanos()));
        gateway.kill();
    }

    private void awaitAllCanceledAndCounted(List<SimulatedBatch> batches) {
        batches.forEach(batch -> batch.drain(Instant.now()));
        await().atMost(90, TimeUnit.SECONDS)
                .pollInterval(Duration.ofMillis(500))
                .untilAsserted(() -> assertThat(batches)
                        .allSatisfy(
                                batch -> assertThat(gateway.state(batch.id())).isEqualTo("canceled")));
        assertThat(batches)
                .allSatisfy(batch -> assertThat(gateway.record(batch.id())
                                .path("counts_final")
                                .path("canceled_items")
                                .intValue())
                        .isEqualTo(QUEUED));
        await().untilAsserted(() -> {
            assertThat(gateway.metric("cancel_gateway_ledger_items", "result=\"canceled\""))
                    .isEqualTo(QUEUED * batches.size());
            assertThat(gateway.metric("cancel_gateway_ledger_items", "result=\"ready\""))
                    .isEqualTo(batches.size());
        });
        assertThat(gateway.metric("cancel_gateway_items_total", "result=\"canceled\""))
                .isLessThanOrEqualTo(QUEUED * batches.size());
    }
}
