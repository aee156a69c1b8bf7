package io.cancelgateway.install;

import static io.cancelgateway.install.Chart.elements;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.support.DatabaseProxy;
import io.cancelgateway.support.Databases;
import io.cancelgateway.support.TestGateway;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A real Prometheus scrapes two gateways under {@link SimulatedTraffic}: the dashboards show what happens. */
@Tag("long")
class DashboardTrafficIT {

    private static final Duration STEP = Duration.ofSeconds(1);

    /** What need not change here. */
    private static final Set<String> SAME = Set.of(
            "Replicas: __auto", // there are two at all times
            "Certificates end in: __auto", // there are none
            "Cancellations that were given up, in the range: __auto", // that takes a day
            "Connections to the database: max",
            "Heap: limit",
            "Versions: __auto"); // there is one

    @Test
    void everyQueryOfEachPanelChangesWithTheTraffic(@TempDir Path directory) throws Exception {
        Prometheus.skipWhereItIsNot();
        Path keys = Files.createDirectory(directory.resolve("keys"));
        CopyOnWriteArrayList<TestGateway> replicas = new CopyOnWriteArrayList<>();
        try (SimulatedTraffic traffic = new SimulatedTraffic(keys);
                DatabaseProxy database = DatabaseProxy.before(Databases.postgres());
                Prometheus prometheus =
                        Prometheus.start(directory, Prometheus.rules().toString())) {
            for (int i = 0; i < 2; i++) {
                replicas.add(traffic.gateway(database.address())
                        // troubles take seconds here, not minutes
                        .with("gateway.upstream.attempt-timeout", "1s")
                        .with("resilience4j.circuitbreaker.configs.upstream.sliding-window-size", 5)
                        .with("resilience4j.circuitbreaker.configs.tenant.sliding-window-size", 5)
                        .start());
            }
            prometheus.scrape(replicas);
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> prometheus.value("count(rate(cancel_gateway_unrecorded_total[10s]))") == 2);
            Instant from = Instant.now();
            traffic.run(Duration.ofSeconds(75), replicas, database, () -> null);

            Instant to = Instant.now();

            Set<String> same = new TreeSet<>();
            for (String name : DashboardTests.NAMES) {
                for (JsonNode panel : DashboardTests.panels(name)) {
                    for (JsonNode target : elements(panel.path("targets"))) {
                        String query =
                                PrometheusIT.variables(target.path("expr").stringValue());
                        if (!changes(prometheus.range(query, from, to, STEP), Duration.between(from, to))) {
                            same.add(panel.path("title").stringValue() + ": "
                                    + target.path("legendFormat").stringValue());
                        }
                    }
                }
            }
            assertThat(same).as("queries whose result stays the same").isSubsetOf(SAME);
        } finally {
            replicas.forEach(TestGateway::close);
        }
    }

    /** Whether a series has another value at one time than at another, or begins or ends. */
    private static boolean changes(JsonNode result, Duration duration) {
        return elements(result).stream()
                .map(series -> elements(series.path("values")))
                .anyMatch(values -> values.size() < duration.dividedBy(STEP)
                        || values.stream()
                                        .map(point -> point.path(1).stringValue())
                                        .distinct()
                                        .count()
                                > 1);
    }
}
