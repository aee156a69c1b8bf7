package io.cancelgateway.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.DatabaseProxy;
import io.cancelgateway.support.Databases;
import io.cancelgateway.support.TestGateway;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A real Prometheus scrapes two gateways on one database, and runs the chart's dashboards over them. */
@Tag("long")
class PrometheusIT {

    private static final int CANCELED_OF_EACH = 7;

    @TempDir
    private Path directory;

    private final TwelveLabsSimulator upstream = TwelveLabsSimulator.start(Clock.systemUTC());
    private final TwelveLabsSimulator.Account account = upstream.account(TestGateway.KEY);
    private final DatabaseProxy database = DatabaseProxy.before(Databases.postgres());
    private final List<TestGateway> replicas = new ArrayList<>();
    private Prometheus prometheus;

    @BeforeEach
    void start() throws Exception {
        Prometheus.skipWhereItIsNot();
        prometheus = Prometheus.start(directory, Prometheus.rules().toString());
        startReplicas();
        await().atMost(Duration.ofSeconds(30)).until(() -> prometheus.value("count(cancel_gateway_build_info)") == 2);
    }

    private void startReplicas() throws IOException {
        replicas.add(gateway().start());
        replicas.add(gateway().start());
        prometheus.scrape(replicas); // they have other ports
    }

    private TestGateway.Builder gateway() {
        return TestGateway.builder()
                .upstream(upstream)
                .database(database.address())
                .with("gateway.retry.max-attempts", 1)
                // this Prometheus may be older than 2.43, and takes no scrape with exemplars
                .with("management.tracing.sampling.probability", 0)
                .with("gateway.tenants.twin-a.api-key", "tlk_twins_4444")
                .with("gateway.tenants.twin-b.api-key", "tlk_twins_4444")
                .followUps("100ms", "500ms");
    }

    @AfterEach
    void stop() {
        if (prometheus != null) {
            prometheus.close();
        }
        replicas.forEach(TestGateway::close);
        database.close();
        upstream.close();
    }

    @Test
    void dashboardsShowWhatWasCanceled() throws Exception {
        // a rate needs two scrapes
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(withoutData(panels())).isEmpty());
        Map<String, String> before = panels();

        cancelAndEnd(10);
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
            assertThat(panel("Items canceled, all time")).isEqualTo(CANCELED_OF_EACH * 10);
            assertThat(panel("Items canceled, in the range")).isEqualTo(CANCELED_OF_EACH * 10);
            assertThat(panel("Pending now")).isZero();
        });
        Map<String, String> after = panels();
        assertThat(withoutData(after)).isEmpty();
        assertThat(after.entrySet().stream()
                        .filter(panel -> !panel.getValue().equals(before.get(panel.getKey())))
                        .count())
                .as("queries whose result the traffic changed")
                .isGreaterThan(before.size() / 3);

        for (TestGateway replica : replicas) {
            replica.close();
        }
        replicas.clear();
        startReplicas();
        cancelAndEnd(1);
        await().atMost(Duration.ofSeconds(40))
                .untilAsserted(
                        () -> assertThat(panel("Items canceled, all time")).isEqualTo(CANCELED_OF_EACH * 11));
        assertThat(prometheus.alerts())
                .allSatisfy((name, alert) -> assertThat(alert.path("health").stringValue())
                        .as("%s: %s", name, alert.path("lastError"))
                        .isEqualTo("ok"));
    }

    private void cancelAndEnd(int batches) {
        List<SimulatedBatch> canceled = new ArrayList<>();
        for (int i = 0; i < batches; i++) {
            SimulatedBatch batch = account.createBatch(CANCELED_OF_EACH + 1, 1, Duration.ofHours(1));
            assertThat(replicas.get(i % 2).cancel(batch.id()).status()).isEqualTo(202);
            canceled.add(batch);
        }
        canceled.forEach(batch -> batch.drain(Instant.now()));
    }

    /** The result of each query of the dashboards, without the time; empty where there is no data. */
    private Map<String, String> panels() {
        Map<String, String> results = new LinkedHashMap<>();
        for (String name : DashboardTests.NAMES) {
            for (String query : DashboardTests.queries(name)) {
                StringBuilder result = new StringBuilder();
                for (JsonNode sample : prometheus.query(variables(query))) {
                    result.append(sample.path("metric")).append(sample.at("/value/1"));
                }
                results.put(query, result.toString());
            }
        }
        return results;
    }

    private static List<String> withoutData(Map<String, String> panels) {
        return panels.keySet().stream()
                .filter(query -> panels.get(query).isEmpty())
                .toList();
    }

    private double panel(String title) {
        return prometheus.value(
                DashboardTests.panel(title).replace("[1h]", "[10m]").replace("offset 1h", "offset 10m"));
    }

    static String variables(String query) {
        return query.replace("$namespace", ".*")
                .replace("$tenant", ".*")
                .replace("$__rate_interval", "10s")
                .replace("$__range", "10m");
    }
}
