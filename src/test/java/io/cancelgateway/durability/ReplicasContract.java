package io.cancelgateway.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.CancelGatewayApplication;
import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.EndToEnd;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
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
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Several instances of the gateway on one database, and one after another. */
abstract class ReplicasContract {

    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private final TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC());
    private final TwelveLabsSimulator.Account account = simulator.account("tlk_1");
    private final List<ConfigurableApplicationContext> replicas = new ArrayList<>();
    private final String address = address();

    /** JDBC address of an empty database. */
    abstract String address();

    @AfterEach
    void stop() {
        replicas.forEach(ConfigurableApplicationContext::close);
        simulator.close();
    }

    @Test
    void twoShareTheFollowUpsAndCountEachBatchOnce() {
        ConfigurableApplicationContext one = start();
        ConfigurableApplicationContext two = start();
        simulator.always(Operation.RETRIEVE, Fault.slow(Duration.ofMillis(100)));
        List<SimulatedBatch> batches = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            batches.add(account.createBatch(8, 1, Duration.ofHours(1)));
            assertThat(cancel(one, batches.getLast())).isEqualTo(202);
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
        ConfigurableApplicationContext one = start();
        ConfigurableApplicationContext two = start();
        List<SimulatedBatch> batches = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            batches.add(account.createBatch(8, 1, Duration.ofHours(1)));
            assertThat(cancel(one, batches.getLast())).isEqualTo(202);
        }

        one.close();
        batches.forEach(batch -> batch.drain(Instant.now()));

        await().untilAsserted(() -> assertThat(total(two, "canceled")).isEqualTo(10 * 7));
    }

    @Test
    void aRestartAddsNothingAndTheTotalStands() throws Exception {
        ConfigurableApplicationContext first = start();
        SimulatedBatch batch = account.createBatch();
        List<Future<Integer>> answers = new ArrayList<>();
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 20; i++) {
                answers.add(callers.submit(() -> cancel(first, batch)));
            }
        }
        for (Future<Integer> answer : answers) {
            assertThat(answer.get()).isEqualTo(202);
        }
        batch.drain(Instant.now());
        await().untilAsserted(() -> assertThat(counted(first)).isEqualTo(70));

        first.close();
        ConfigurableApplicationContext second = start();

        assertThat(total(second, "canceled")).isEqualTo(70);
        assertThat(total(second, "ready")).isEqualTo(3);
        assertThat(counted(second)).isZero();
        assertThat(cancel(second, batch)).isEqualTo(409);
        assertThat(total(second, "canceled")).isEqualTo(70);
    }

    private ConfigurableApplicationContext start() {
        ConfigurableApplicationContext replica = new SpringApplicationBuilder(CancelGatewayApplication.class)
                .run(
                        "--server.port=0",
                        "--management.server.port=0",
                        "--spring.datasource.url=" + address,
                        "--db-scheduler.polling-interval=100ms",
                        "--db-scheduler.threads=4",
                        "--gateway.follow-up.initial-delay=100ms",
                        "--gateway.follow-up.max-delay=500ms",
                        "--gateway.upstream.base-url=" + simulator.baseUrl(),
                        "--gateway.tenants.acme.api-key=tlk_1",
                        "--gateway.callers.ops.token-sha256=" + EndToEnd.sha256("t"),
                        "--gateway.callers.ops.tenants=acme");
        replicas.add(replica);
        return replica;
    }

    private static int cancel(ConfigurableApplicationContext replica, SimulatedBatch batch) {
        String port = replica.getEnvironment().getRequiredProperty("local.server.port");
        try {
            return HTTP.send(
                            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/v1.3/analyze/batches/"
                                            + batch.id() + "/cancel"))
                                    .POST(HttpRequest.BodyPublishers.noBody())
                                    .header("x-api-key", "t")
                                    .build(),
                            HttpResponse.BodyHandlers.discarding())
                    .statusCode();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static double counted(ConfigurableApplicationContext replica) {
        return replica
                .getBean(MeterRegistry.class)
                .find("cancel.gateway.items")
                .tags("result", "canceled")
                .counters()
                .stream()
                .mapToDouble(Counter::count)
                .sum();
    }

    private static double total(ConfigurableApplicationContext replica, String result) {
        MeterRegistry meters = replica.getBean(MeterRegistry.class);
        meters.get("cancel.gateway.oldest.pending").gauge().value(); // as a scrape does, which reads every gauge
        return meters.find("cancel.gateway.ledger.items").tags("tenant", "acme", "result", result).gauges().stream()
                .mapToDouble(Gauge::value)
                .sum();
    }

    private static long tasks(ConfigurableApplicationContext replica) {
        return replica.getBean(JdbcClient.class)
                .sql("SELECT COUNT(*) FROM scheduled_tasks WHERE task_name = 'follow-up'")
                .query(Long.class)
                .single();
    }
}
