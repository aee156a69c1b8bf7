package io.cancelgateway.install;

import static io.cancelgateway.install.Chart.elements;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.DatabaseProxy;
import io.cancelgateway.support.Databases;
import io.cancelgateway.support.Http;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.TestGateway;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A real Prometheus scrapes two gateways on one database, and runs the chart's dashboards and alerts over them. */
@Tag("long")
class PrometheusIT {

    private static final Path PROGRAM = Path.of("/usr/bin/prometheus");
    private static final int CANCELED_OF_EACH = 7;

    @TempDir
    private Path directory;

    private final TwelveLabsSimulator upstream = TwelveLabsSimulator.start(Clock.systemUTC());
    private final TwelveLabsSimulator.Account account = upstream.account(TestGateway.KEY);
    private final DatabaseProxy database = DatabaseProxy.before(Databases.postgres());
    private final List<TestGateway> replicas = new ArrayList<>();
    private Process prometheus;
    private int port;

    @BeforeEach
    void start() throws Exception {
        assumeThat(PROGRAM)
                .as("Skipped: Prometheus is not installed (apt-get install prometheus)")
                .exists();
        startReplicas();
        startPrometheus();
        await().atMost(Duration.ofSeconds(30)).until(() -> value("count(cancel_gateway_build_info)") == 2);
    }

    private void startReplicas() throws IOException {
        replicas.add(gateway().start());
        replicas.add(gateway().start());
        // written anew for other ports: Prometheus reads it every few seconds
        Files.writeString(
                directory.resolve("targets.json"),
                "[{\"targets\":[\"127.0.0.1:%d\",\"127.0.0.1:%d\"]}]"
                        .formatted(
                                replicas.get(0).managementPort(),
                                replicas.get(1).managementPort()));
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

    private void startPrometheus() throws Exception {
        String rules = Chart.render("""
                serviceMonitor: {enabled: true}
                prometheusRule: {enabled: true, runbookUrl: 'https://docs.example.com/runbook.md'}
                """).only("PrometheusRule").path("spec").toString();
        Matcher labels = Pattern.compile("job=\\\\\"([^\\\\]+)\\\\\",namespace=\\\\\"([^\\\\]+)\\\\\"")
                .matcher(rules);
        assertThat(labels.find()).isTrue();
        Files.writeString(directory.resolve("rules.yaml"), rules);
        Path settings = Files.writeString(
                directory.resolve("prometheus.yaml"), """
                global: {scrape_interval: 1s, evaluation_interval: 1s}
                rule_files: [rules.yaml]
                scrape_configs:
                  - job_name: %s
                    metrics_path: /actuator/prometheus
                    file_sd_configs: [{files: [targets.json], refresh_interval: 1s}]
                    relabel_configs: [{target_label: namespace, replacement: %s}]
                """.formatted(labels.group(1), labels.group(2)));
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        prometheus = new ProcessBuilder(
                        PROGRAM.toString(),
                        "--config.file=" + settings,
                        "--storage.tsdb.path=" + directory.resolve("tsdb"),
                        "--web.listen-address=127.0.0.1:" + port)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("prometheus.log").toFile())
                .start();
    }

    @AfterEach
    void stop() {
        if (prometheus != null) {
            prometheus.destroyForcibly().onExit().join();
        }
        replicas.forEach(TestGateway::close);
        database.close();
        upstream.close();
    }

    @Test
    void dashboardsShowWhatWasCanceledAndAlertsFire() throws Exception {
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

        provokeAlerts();

        for (TestGateway replica : replicas) {
            replica.close();
        }
        replicas.clear();
        startReplicas();
        cancelAndEnd(1);
        await().atMost(Duration.ofSeconds(40))
                .untilAsserted(
                        () -> assertThat(panel("Items canceled, all time")).isEqualTo(CANCELED_OF_EACH * 12));
        assertThat(alerts())
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

    /** An alert that waits for its time is pending: what it looks for is there. */
    private void provokeAlerts() {
        SimulatedBatch batch = account.createBatch(CANCELED_OF_EACH + 1, 1, Duration.ofHours(1));
        assertThat(fires("CancelGatewayTenantKeyTrouble")).isTrue();

        assertThat(fires("CancelGatewayLedgerDown")).isFalse();
        assertThat(fires("CancelGatewayUnrecordedCancels")).isFalse();
        database.closeConnections();
        assertThat(replicas.getFirst().cancel(batch.id()).header("Cancellation-Recorded"))
                .isEqualTo("false");
        awaitAlert("CancelGatewayLedgerDown");
        awaitAlert("CancelGatewayUnrecordedCancels");
        database.serve();
        await().atMost(Duration.ofSeconds(30)).until(() -> !fires("CancelGatewayLedgerDown"));

        assertThat(fires("CancelGatewayUpstreamBreakerOpen")).isFalse();
        upstream.always(Operation.CANCEL, Fault.status(503, "down"));
        // until they outnumber the calls before that worked
        for (TestGateway replica : replicas) {
            await().atMost(Duration.ofSeconds(30))
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> replica.cancel(batch.id()).status() == 503);
        }
        awaitAlert("CancelGatewayUpstreamBreakerOpen");
        awaitAlert("CancelGatewayErrorBudgetBurnsFast");
        upstream.always(Operation.CANCEL, Fault.none());
        // its breakers close, so that the next cancels get through
        await().atMost(Duration.ofSeconds(30))
                .until(() -> replicas.stream()
                        .allMatch(replica -> replica.cancel(batch.id()).status() < 500));
        batch.drain(Instant.now());
    }

    private void awaitAlert(String name) {
        await().atMost(Duration.ofSeconds(30)).until(() -> fires(name));
    }

    private boolean fires(String name) {
        return !alerts().get(name).path("state").stringValue().equals("inactive");
    }

    private Map<String, JsonNode> alerts() {
        Map<String, JsonNode> alerts = new LinkedHashMap<>();
        for (JsonNode group : elements(ask("/api/v1/rules").at("/data/groups"))) {
            for (JsonNode rule : elements(group.path("rules"))) {
                if (rule.path("type").stringValue().equals("alerting")) {
                    alerts.put(rule.path("name").stringValue(), rule);
                }
            }
        }
        return alerts;
    }

    /** The result of each query of the dashboards, without the time; empty where there is no data. */
    private Map<String, String> panels() {
        Map<String, String> results = new LinkedHashMap<>();
        for (String name : DashboardTests.NAMES) {
            for (String query : DashboardTests.queries(name)) {
                StringBuilder result = new StringBuilder();
                for (JsonNode sample : query(variables(query))) {
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
        return value(DashboardTests.panel(title).replace("[1h]", "[10m]").replace("offset 1h", "offset 10m"));
    }

    private static String variables(String query) {
        return query.replace("$namespace", ".*")
                .replace("$tenant", ".*")
                .replace("$__rate_interval", "10s")
                .replace("$__range", "10m");
    }

    private double value(String query) {
        List<JsonNode> samples = query(query);
        return samples.size() == 1
                ? Double.parseDouble(samples.getFirst().at("/value/1").stringValue())
                : Double.NaN;
    }

    private List<JsonNode> query(String query) {
        return elements(ask("/api/v1/query?query=" + URLEncoder.encode(query, StandardCharsets.UTF_8))
                .at("/data/result"));
    }

    private JsonNode ask(String path) {
        Reply reply = Http.send("GET", "http://127.0.0.1:" + port + path);
        assertThat(reply.status()).as(path + ": " + reply.text()).isEqualTo(200);
        return reply.json();
    }
}
