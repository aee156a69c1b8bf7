package io.cancelgateway.install;

import static io.cancelgateway.install.Chart.elements;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.cancelgateway.support.Http;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.TestGateway;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A real Prometheus, which scrapes gateways every second, and evaluates the chart's rules over them. */
final class Prometheus implements AutoCloseable {

    private static final Path PROGRAM = Path.of("/usr/bin/prometheus");

    private final Path directory;
    private final Process process;
    private final int port;

    private Prometheus(Path directory, Process process, int port) {
        this.directory = directory;
        this.process = process;
        this.port = port;
    }

    static void skipWhereItIsNot() {
        assumeThat(PROGRAM)
                .as("Skipped: Prometheus is not installed (apt-get install prometheus)")
                .exists();
    }

    /** The rules as the chart installs them. */
    static JsonNode rules() {
        return Chart.render("""
                serviceMonitor: {enabled: true}
                prometheusRule: {enabled: true, runbookUrl: 'https://docs.example.com/runbook.md'}
                """).only("PrometheusRule").path("spec");
    }

    /** @param rules those of the chart, or something made of them */
    static Prometheus start(Path directory, String rules) throws IOException {
        Matcher labels = Pattern.compile("job=\\\\\"([^\\\\]+)\\\\\",namespace=\\\\\"([^\\\\]+)\\\\\"")
                .matcher(rules);
        assertThat(labels.find()).isTrue();
        Files.writeString(directory.resolve("rules.yaml"), rules);
        Files.writeString(directory.resolve("targets.json"), "[]");
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
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        Process process = new ProcessBuilder(
                        PROGRAM.toString(),
                        "--config.file=" + settings,
                        "--storage.tsdb.path=" + directory.resolve("tsdb"),
                        "--web.listen-address=127.0.0.1:" + port)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("prometheus.log").toFile())
                .start();
        return new Prometheus(directory, process, port);
    }

    /** From now on it scrapes these, and no others. It reads the list every second. */
    void scrape(List<? extends TestGateway> gateways) throws IOException {
        List<String> targets = gateways.stream()
                .map(gateway -> "127.0.0.1:" + gateway.managementPort())
                .toList();
        Files.writeString(
                directory.resolve("targets.json"),
                JsonMapper.shared().writeValueAsString(List.of(Map.of("targets", targets))));
    }

    /** The value of a query that has one series, or not a number. */
    double value(String query) {
        List<JsonNode> samples = query(query);
        return samples.size() == 1
                ? Double.parseDouble(samples.getFirst().at("/value/1").stringValue())
                : Double.NaN;
    }

    /** The series of a query, each with its value now. */
    List<JsonNode> query(String query) {
        return elements(ask("query", Map.of("query", query)).at("/data/result"));
    }

    /** The series of a query at this time. */
    JsonNode query(String query, Instant at) {
        return ask("query", Map.of("query", query, "time", at.toString())).at("/data/result");
    }

    /** The series of a query, each with its values from one time to another. */
    JsonNode range(String query, Instant from, Instant to, Duration step) {
        return ask(
                        "query_range",
                        Map.of(
                                "query",
                                query,
                                "start",
                                from.toString(),
                                "end",
                                to.toString(),
                                "step",
                                step.toSeconds() + "s"))
                .at("/data/result");
    }

    /** Whether what it looks for is there, and has been for as long as the rule says. */
    boolean fires(String name) {
        return alerts().get(name).path("state").stringValue().equals("firing");
    }

    /** Every alerting rule by its name, as it was evaluated last. */
    Map<String, JsonNode> alerts() {
        Map<String, JsonNode> alerts = new LinkedHashMap<>();
        for (JsonNode group : elements(ask("rules", Map.of()).at("/data/groups"))) {
            for (JsonNode rule : elements(group.path("rules"))) {
                if (rule.path("type").stringValue().equals("alerting")) {
                    alerts.put(rule.path("name").stringValue(), rule);
                }
            }
        }
        return alerts;
    }

    private JsonNode ask(String what, Map<String, String> parameters) {
        String query = parameters.entrySet().stream()
                .map(parameter ->
                        parameter.getKey() + "=" + URLEncoder.encode(parameter.getValue(), StandardCharsets.UTF_8))
                .collect(Collectors.joining("&"));
        Reply reply = Http.send("GET", "http://127.0.0.1:" + port + "/api/v1/" + what + "?" + query);
        assertThat(reply.status()).as(query + ": " + reply.text()).isEqualTo(200);
        return reply.json();
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
