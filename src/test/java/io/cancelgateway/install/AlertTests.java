package io.cancelgateway.install;

import static io.cancelgateway.install.Chart.elements;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The chart's alerts, as Prometheus gets them. */
class AlertTests {

    private static final Path CASES = Path.of("src", "test", "resources", "observe", "alerts.test.yaml");

    private static final String RUNBOOK = "https://docs.example.com/runbook.md";

    private final JsonNode spec =
            Chart.render("""
                    serviceMonitor: {enabled: true}
                    prometheusRule: {enabled: true, runbookUrl: '%s'}
                    """.formatted(RUNBOOK)).only("PrometheusRule").path("spec");

    private final List<JsonNode> rules = elements(spec.path("groups")).stream()
            .flatMap(group -> elements(group.path("rules")).stream())
            .toList();

    private final List<JsonNode> alerts =
            rules.stream().filter(rule -> rule.has("alert")).toList();

    @TempDir
    private Path directory;

    private static String name(JsonNode alert) {
        return alert.path("alert").stringValue();
    }

    @Test
    void areThoseThatPrometheusReads() throws Exception {
        Promtool.check(Files.writeString(directory.resolve("alerts.yaml"), spec.toString()));
    }

    @Test
    void fireWhereTheyShouldAndNotWhereTheyShouldNot() throws Exception {
        Files.writeString(directory.resolve("alerts.yaml"), spec.toString());
        Promtool.test(Files.copy(CASES, directory.resolve(CASES.getFileName())));
    }

    @Test
    void eachHasACaseInWhichItFiresAndOneInWhichItDoesNot() {
        Set<String> fire = new TreeSet<>();
        Set<String> doNotFire = new TreeSet<>();
        for (JsonNode test : elements(Chart.yaml(Chart.read(CASES)).path("tests"))) {
            for (JsonNode one : elements(test.path("alert_rule_test"))) {
                (one.path("exp_alerts").isEmpty() ? doNotFire : fire)
                        .add(one.path("alertname").stringValue());
            }
        }
        Set<String> names = alerts.stream().map(AlertTests::name).collect(Collectors.toCollection(TreeSet::new));
        assertThat(names).hasSizeGreaterThan(15);
        assertThat(fire).isEqualTo(names);
        assertThat(doNotFire).isEqualTo(names);
    }

    @Test
    void eachHasASectionInTheRunbook() {
        List<String> sections =
                List.of(Chart.read(Path.of("docs", "runbook.md")).split("(?m)^## "));
        assertThat(sections.stream()
                        .skip(1)
                        .map(section -> section.lines().findFirst().orElseThrow()))
                .containsExactlyElementsOf(alerts.stream().map(AlertTests::name).toList());
        assertThat(sections.stream().skip(1))
                .allSatisfy(section -> assertThat(Pattern.compile("(?m)^\\*\\*([A-Za-z ]+)\\.\\*\\*")
                                .matcher(section)
                                .results()
                                .map(part -> part.group(1)))
                        .containsExactly("For callers", "How to see it", "What to do", "When to wait"));
    }

    @Test
    void eachSaysHowBadItIsAndWhereToRead() {
        assertThat(alerts).allSatisfy(alert -> {
            assertThat(alert.at("/labels/severity").stringValue()).isIn("critical", "warning");
            assertThat(alert.path("annotations").propertyNames())
                    .containsExactlyInAnyOrder("summary", "description", "runbook_url");
            assertThat(alert.at("/annotations/runbook_url").stringValue())
                    .isEqualTo(RUNBOOK + "#" + name(alert).toLowerCase(Locale.ROOT));
        });
    }

    @Test
    void readMetersThatExist() {
        Meters meters = new Meters();
        assertThat(rules)
                .allSatisfy(
                        rule -> assertThat(meters.unknownIn(rule.path("expr").stringValue()))
                                .isEmpty());
        assertThat(meters.unknownIn(
                        "sum by (tenant) (rate(cancel_gateway_cancelations_total{a=\"b\"}[5m])) or vector(0)"))
                .containsExactly("cancel_gateway_cancelations_total");
    }
}
