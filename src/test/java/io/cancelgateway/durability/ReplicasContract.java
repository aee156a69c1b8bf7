package io.cancelgateway.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.TestGateway;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Several instances of the gateway on one database, and one after another. */
abstract class ReplicasContract {

    private final TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC());
    private final TwelveLabsSimulator.Account account = simulator.account(TestGateway.KEY);
    private final List<TestGateway.InProcess> replicas = new ArrayList<>();
    private final String address = address();

    /** JDBC address of an empty database. */
    abstract String address();

    @AfterEach
    void stop() {
        replicas.forEach(TestGateway::close);
        simulator.close();
    }

    @Test
    void twoShareTheFollowUpsAndCountEachBatchOnce() {
        TestGateway.InProcess one = start();
        TestGateway.InProcess two = start();
        simulator.always(Operation.RETRIEVE, Fault.slow(Duration.ofMillis(100)));
        List<SimulatedBatch> batches = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            batches.add(account.createBatch(8, 1, Duration.ofHours(1)));
            assertThat(one.cancel(batches.getLast().id()).status()).isEqualTo(202);
        }

        batches.forEach(batch -> batch.drain(Instant.now()));

        await().untilAsserted(() -> {
            assertThat(total(one, "canceled")).isEqualTo(40 * 7);
            assertThat(total(two, "canceled")).isEqualTo(40 * 7);
        });
        assertThat(counted(one)).isPositive();
        assertThat(counted(two)).isPositive();
        assertThat(counted(one) + counted(two)).isEqualTo(40 * 7);
        await().untilAsserted(() -> assertThat(tasks(one)).isZero());
    }

    @Test
    void oneThatStopsLeavesItsFollowUpsToTheOther() {
        TestGateway.InProcess one = start();
        TestGateway.InProcess two = start();
        List<SimulatedBatch> batches = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            batches.add(account.createBatch(8, 1, Duration.ofHours(1)));
            assertThat(one.cancel(batches.getLast().id()).status()).isEqualTo(202);
        }

        one.close();
        batches.forEach(batch -> batch.drain(Instant.now()));

        await().untilAsserted(() -> assertThat(total(two, "canceled")).isEqualTo(10 * 7));
    }

    @Test
    void aRestartAddsNothingAndTheTotalStands() throws Exception {
        TestGateway.InProcess first = start();
        SimulatedBatch batch = account.createBatch();
        List<Future<Integer>> answers = new ArrayList<>();
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 20; i++) {
                answers.add(callers.submit(() -> first.cancel(batch.id()).status()));
            }
        }
        for (Future<Integer> answer : answers) {
            assertThat(answer.get()).isEqualTo(202);
        }
        batch.drain(Instant.now());
        await().untilAsserted(() -> assertThat(counted(first)).isEqualTo(70));

        first.close();
        TestGateway.InProcess second = start();

        assertThat(total(second, "canceled")).isEqualTo(70);
        assertThat(total(second, "ready")).isEqualTo(3);
        assertThat(counted(second)).isZero();
        assertThat(second.cancel(batch.id()).status()).isEqualTo(409);
        assertThat(total(second, "canceled")).isEqualTo(70);
    }

    private TestGateway.InProcess start() {
        TestGateway.InProcess replica = TestGateway.builder()
                .upstream(simulator)
                .database(address)
                .with("db-scheduler.polling-interval", "100ms")
                .with("db-scheduler.threads", 4)
                .followUps("100ms", "500ms")
                .start();
        replicas.add(replica);
        return replica;
    }

    private static double counted(TestGateway.InProcess replica) {
        return replica
                .bean(MeterRegistry.class)
                .find("cancel.gateway.items")
                .tags("result", "canceled")
                .counters()
                .stream()
                .mapToDouble(Counter::count)
                .sum();
    }

    private static double total(TestGateway.InProcess replica, String result) {
        MeterRegistry meters = replica.bean(MeterRegistry.class);
        meters.get("cancel.gateway.ledger.up").gauge().value(); // as a scrape does, which reads every gauge
        return meters.find("cancel.gateway.ledger.items").tags("tenant", "acme", "result", result).gauges().stream()
                .mapToDouble(Gauge::value)
                .sum();
    }

    private static long tasks(TestGateway.InProcess replica) {
        return replica.bean(JdbcClient.class)
                .sql("SELECT COUNT(*) FROM scheduled_tasks WHERE task_name = 'follow-up'")
                .query(Long.class)
                .single();
    }
}
