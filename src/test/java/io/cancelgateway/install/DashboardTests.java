package io.cancelgateway.install;

import static io.cancelgateway.install.Chart.elements;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The chart's Grafana dashboards. There is no Grafana here: their queries run in promtool. */
class DashboardTests {

    static final List<String> NAMES = List.of("cancellations", "gateway");

    private static final Map<String, String> VARIABLES = Map.of(
            "$namespace", ".*", "$tenant", ".*", "$__rate_interval", "5m", "$__range", "1h", "${datasource}", "any");

    /** What a gateway exports from its start. All else may be missing while there is no traffic. */
    private static final List<Map<String, String>> FROM_THE_START = List.of(
            series("cancel_gateway_pending{state=\"requested\"}", "0x130"),
            series("cancel_gateway_oldest_pending_seconds{state=\"requested\"}", "0x130"),
            series("cancel_gateway_tenant_keys{state=\"active\"}", "0x130"),
            series("cancel_gateway_confirmation_seconds_bucket{le=\"+Inf\"}", "0x130"),
            series("resilience4j_circuitbreaker_state{name=\"upstream\",state=\"closed\"}", "1x130"));

    @TempDir
    private Path directory;

    static JsonNode dashboard(String name) {
        return JsonMapper.shared()
                .readTree(Chart.read(Chart.DIRECTORY.resolve("dashboards").resolve(name + ".json")));
    }

    static List<JsonNode> panels(String name) {
        return elements(dashboard(name).path("panels")).stream()
                .filter(panel -> !panel.path("type").stringValue().equals("row"))
                .toList();
    }

    static List<String> queries(String name) {
        return panels(name).stream()
                .flatMap(panel -> elements(panel.path("targets")).stream())
                .map(target -> target.path("expr").stringValue())
                .toList();
    }

    private static String withoutVariables(String query) {
        String plain = query;
        for (Map.Entry<String, String> variable : VARIABLES.entrySet()) {
            plain = plain.replace(variable.getKey(), variable.getValue());
        }
        return plain;
    }

    @Test
    void areAllTested() throws Exception {
        try (Stream<Path> files = Files.list(Chart.DIRECTORY.resolve("dashboards"))) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrderElementsOf(
                            NAMES.stream().map(name -> name + ".json").toList());
        }
        assertThat(NAMES.stream().map(name -> dashboard(name).path("uid").stringValue()))
                .doesNotHaveDuplicates()
                .allMatch(uid -> uid.matches("[a-z-]{1,40}"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"cancellations", "gateway"})
    void everyPanelSaysWhatItShowsInWhichUnitAndWhatIsTooMuch(String name) {
        assertThat(panels(name)).hasSizeGreaterThan(20).allSatisfy(panel -> {
            assertThat(panel.path("title").stringValue()).isNotBlank();
            assertThat(panel.path("description").stringValue()).endsWith(".");
            assertThat(panel.at("/fieldConfig/defaults/unit").stringValue()).isNotBlank();
            assertThat(panel.at("/fieldConfig/defaults/thresholds/steps").size())
                    .isPositive();
            assertThat(panel.path("targets").size()).isPositive();
            assertThat(elements(panel.path("targets")))
                    .allMatch(
                            target -> target.at("/datasource/uid").stringValue().equals("${datasource}"));
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"cancellations", "gateway"})
    void panelsHaveIdsOfTheirOwnAndDoNotOverlap(String name) {
        assertThat(elements(dashboard(name).path("panels")).stream()
                        .map(panel -> panel.path("id").intValue()))
                .doesNotHaveDuplicates();
        Set<List<Integer>> taken = new HashSet<>();
        for (JsonNode panel : elements(dashboard(name).path("panels"))) {
            JsonNode place = panel.path("gridPos");
            int x = place.path("x").intValue();
            int y = place.path("y").intValue();
            assertThat(x + place.path("w").intValue()).isLessThanOrEqualTo(24);
            for (int column = x; column < x + place.path("w").intValue(); column++) {
                for (int line = y; line < y + place.path("h").intValue(); line++) {
                    assertThat(taken.add(List.of(column, line)))
                            .as("%s overlaps", panel.path("title"))
                            .isTrue();
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cancellations", "gateway"})
    void variablesAreDefinedAndAllOfThemMatchWhatHasNoSuchLabel(String name) {
        List<JsonNode> variables = elements(dashboard(name).at("/templating/list"));
        assertThat(variables.stream().map(variable -> variable.path("name").stringValue()))
                .containsExactly("datasource", "namespace", "tenant");
        assertThat(variables.stream().skip(1))
                .allMatch(variable -> variable.path("allValue").stringValue().equals(".*"));
        assertThat(queries(name)).allSatisfy(query -> {
            assertThat(withoutVariables(query)).doesNotContain("$");
            assertThat(query.split("namespace=~\"\\$namespace\"", -1))
                    .as("a selector without the namespace: %s", query)
                    .hasSameSizeAs(query.split("\\{", -1));
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"cancellations", "gateway"})
    void queriesReadMetersThatExist(String name) {
        Meters meters = new Meters();
        assertThat(queries(name))
                .allSatisfy(query -> assertThat(meters.unknownIn(query)).isEmpty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"cancellations", "gateway"})
    void meterNamesThatAreOfManyProgramsAreOfThisOne(String name) {
        Pattern selector = Pattern.compile("\\b(http|hikaricp|jvm|process)_\\w+\\{([^}]*)}");
        assertThat(queries(name).stream()
                        .flatMap(query -> selector.matcher(query).results()))
                .allMatch(found -> found.group(2).contains("application=\"cancel-gateway\""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"cancellations", "gateway"})
    void queriesAreThoseThatPrometheusReads(String name) throws Exception {
        List<String> queries = queries(name);
        List<Map<String, String>> rules = IntStream.range(0, queries.size())
                .mapToObj(i -> Map.of("record", "query:" + i, "expr", withoutVariables(queries.get(i))))
                .toList();
        Promtool.check(write("queries", Map.of("groups", List.of(Map.of("name", name, "rules", rules)))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"cancellations", "gateway"})
    void withoutTrafficNoPanelIsEmpty(String name) throws Exception {
        List<Object> tests = new ArrayList<>();
        for (String query : queries(name)) {
            tests.add(expect("count(%s) > bool 0".formatted(withoutVariables(query)), "1"));
        }
        Promtool.test(write("quiet", test(FROM_THE_START, tests)));
    }

    /** The second replica comes after an hour. The first one's counters begin again with it. */
    @Test
    void addUpReplicasAndShowTheLedgerOnce() throws Exception {
        List<Map<String, String>> series = List.of(
                series("cancel_gateway_ledger_items{tenant=\"acme\",result=\"canceled\",pod=\"a\"}", "70x60 90x60"),
                series("cancel_gateway_ledger_items{tenant=\"acme\",result=\"canceled\",pod=\"b\"}", "_x61 90x60"),
                series("cancel_gateway_ledger_items{tenant=\"acme\",result=\"ready\",pod=\"a\"}", "10x120"),
                series("cancel_gateway_ledger_items{tenant=\"globex\",result=\"canceled\",pod=\"b\"}", "_x91 5x30"),
                series("cancel_gateway_pending{state=\"canceling\",pod=\"a\"}", "3x120"),
                series("cancel_gateway_pending{state=\"canceling\",pod=\"b\"}", "_x60 3x60"),
                series("cancel_gateway_oldest_pending_seconds{state=\"requested\",pod=\"a\"}", "40x120"),
                series("cancel_gateway_oldest_pending_seconds{state=\"requested\",pod=\"b\"}", "_x60 40x60"),
                series(
                        "cancel_gateway_cancellations_total{tenant=\"acme\",outcome=\"accepted\",pod=\"a\"}",
                        "0+1x60 0+1x60"),
                series(
                        "cancel_gateway_cancellations_total{tenant=\"acme\",outcome=\"accepted\",pod=\"b\"}",
                        "_x60 0+1x60"));
        Promtool.test(write(
                "replicas",
                test(
                        series,
                        List.of(
                                expect(panel("Items canceled, all time"), "95"),
                                expect(panel("Items canceled, in the range"), "25"),
                                expect("round(100 * (%s))".formatted(panel("Share that was canceled")), "90"),
                                expect("round(%s, 10)".formatted(panel("Cancels, in the range")), "120"),
                                expect(panel("Pending now"), "3"),
                                expect(panel("Oldest that is requested"), "40")))));
    }

    static String panel(String title) {
        return panels("cancellations").stream()
                .filter(panel -> panel.path("title").stringValue().equals(title))
                .map(panel -> withoutVariables(panel.at("/targets/0/expr").stringValue()))
                .findFirst()
                .orElseThrow();
    }

    private static Map<String, String> series(String series, String values) {
        return Map.of("series", series, "values", values);
    }

    private static Map<String, Object> expect(String expression, String value) {
        return Map.of(
                "expr",
                expression,
                "eval_time",
                "2h",
                "exp_samples",
                List.of(Map.of("labels", "{}", "value", Double.valueOf(value))));
    }

    private static Map<String, Object> test(List<Map<String, String>> series, List<?> expected) {
        return Map.of("tests", List.of(Map.of("interval", "1m", "input_series", series, "promql_expr_test", expected)));
    }

    /** JSON is YAML. */
    private Path write(String name, Object content) throws Exception {
        return Files.writeString(
                directory.resolve(name + ".yaml"), JsonMapper.shared().writeValueAsString(content));
    }
}
