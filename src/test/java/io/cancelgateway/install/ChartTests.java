package io.cancelgateway.install;

import static io.cancelgateway.install.Chart.elements;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.marcnuri.helm.LintResult;
import io.cancelgateway.install.Chart.Manifest;
import io.cancelgateway.install.Chart.Manifests;
import io.cancelgateway.support.Sha256;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class ChartTests {

    private static final String DEFAULT = "";
    private static final String PRODUCTION = Chart.values("production");
    private static final String DEMO = Chart.values("demo");
    private static final String EVERYTHING = Chart.values("everything");

    private static final String ALL = "io.cancelgateway.install.ChartTests#all";

    /** The defaults, and every file of values beside the chart. */
    static Stream<String> all() {
        return Stream.concat(Stream.of("default"), Chart.names().stream());
    }

    private static String values(String name) {
        return name.equals("default") ? DEFAULT : Chart.values(name);
    }

    @Nested
    class Rendered {

        @ParameterizedTest
        @MethodSource(ALL)
        void passesHelmLintStrictly(String name) {
            LintResult result = Chart.lint(values(name));
            assertThat(result.isFailed()).as("%s", result.getMessages()).isFalse();
        }

        @ParameterizedTest
        @MethodSource(ALL)
        void everyManifestIsOneThatTheApiHas(String name) {
            for (Manifest manifest : Chart.render(values(name)).all()) {
                switch (manifest.kind()) {
                    case "ServiceMonitor" -> assertServiceMonitor(manifest.json());
                    case "PrometheusRule" -> assertPrometheusRule(manifest.json());
                    default -> KubernetesApi.decode(manifest.json());
                }
            }
        }

        /** The Prometheus operator's resources are not of the Kubernetes API. */
        private void assertServiceMonitor(JsonNode json) {
            assertThat(json.path("apiVersion").stringValue()).isEqualTo("monitoring.coreos.com/v1");
            assertThat(json.path("spec").propertyNames())
                    .contains("selector", "endpoints")
                    .isSubsetOf("selector", "endpoints", "jobLabel", "namespaceSelector");
            assertThat(json.at("/spec/endpoints/0").propertyNames())
                    .contains("port", "path", "interval", "scrapeTimeout")
                    .isSubsetOf("port", "path", "interval", "scrapeTimeout", "relabelings", "metricRelabelings");
        }

        /** {@link AlertTests} has promtool check the rules themselves. */
        private void assertPrometheusRule(JsonNode json) {
            assertThat(json.path("apiVersion").stringValue()).isEqualTo("monitoring.coreos.com/v1");
            assertThat(json.path("spec").propertyNames()).containsOnly("groups");
            for (JsonNode group : elements(json.at("/spec/groups"))) {
                assertThat(group.propertyNames()).containsOnly("name", "rules");
                assertThat(elements(group.path("rules")))
                        .allSatisfy(rule -> assertThat(rule.propertyNames())
                                .isSubsetOf("alert", "record", "expr", "for", "labels", "annotations"));
            }
        }

        @Test
        void everyPartIsThere() {
            assertThat(Chart.render(EVERYTHING).all().stream().map(Manifest::kind))
                    .containsOnlyOnce(
                            "Deployment",
                            "ServiceAccount",
                            "HorizontalPodAutoscaler",
                            "PodDisruptionBudget",
                            "NetworkPolicy",
                            "ServiceMonitor",
                            "PrometheusRule",
                            "Ingress",
                            "Pod")
                    .contains("Service", "Secret", "ConfigMap");
            assertThat(Chart.render(DEFAULT).all().stream().map(Manifest::kind))
                    .containsExactlyInAnyOrder(
                            "Deployment",
                            "Service",
                            "ServiceAccount",
                            "ConfigMap",
                            "PersistentVolumeClaim",
                            "PodDisruptionBudget",
                            "NetworkPolicy",
                            "Pod");
        }

        @Test
        void aTemplateHoldsOneResourceAndIsNamedAfterIt() {
            List<Manifest> all = Stream.of(DEFAULT, EVERYTHING)
                    .flatMap(values -> Chart.render(values).all().stream())
                    .toList();
            for (Manifest manifest : all) {
                if (manifest.source().endsWith("/extra-objects.yaml")) {
                    continue; // whoever installs it decides which these are
                }
                assertThat(Chart.read(Chart.DIRECTORY.resolve("..").resolve(manifest.source()))
                                .split("(?m)^kind: "))
                        .as(manifest.source())
                        .hasSize(2);
                String file = manifest.source().replaceFirst(".*/", "").replace(".yaml", "");
                if (!manifest.kind().equals("Pod")) {
                    assertThat(file.replace("-", ""))
                            .as(manifest.source())
                            .endsWith(manifest.kind().toLowerCase(java.util.Locale.ROOT));
                }
            }
        }

        @Test
        void aMisspeltFieldAWrongTypeAndAnUnknownKindWouldBeFound() {
            ObjectNode misspelt = (ObjectNode) Chart.render(DEFAULT).only("Deployment");
            ((ObjectNode) misspelt.at("/spec/template/spec/containers/0")).put("imagePullPolcy", "Always");
            assertThatThrownBy(() -> KubernetesApi.decode(misspelt)).hasMessageContaining("imagePullPolcy");

            ObjectNode wrongType = (ObjectNode) Chart.render(DEFAULT).only("Deployment");
            ((ObjectNode) wrongType.at("/spec/template/spec/securityContext")).put("runAsUser", "root");
            assertThatThrownBy(() -> KubernetesApi.decode(wrongType)).isInstanceOf(RuntimeException.class);

            ObjectNode unknown = (ObjectNode) Chart.render(DEFAULT).only("Service");
            unknown.put("apiVersion", "v2");
            assertThatThrownBy(() -> KubernetesApi.decode(unknown)).hasMessageContaining("v2/Service");
        }
    }

    @Nested
    class WhatBelongsTogether {

        @ParameterizedTest
        @MethodSource(ALL)
        void everySelectorMatchesThePodsAndNoOther(String name) {
            Manifests manifests = Chart.render(values(name));
            JsonNode podLabels = manifests.only("Deployment").at("/spec/template/metadata/labels");
            List<JsonNode> selectors = new ArrayList<>();
            selectors.add(manifests.only("Deployment").at("/spec/selector/matchLabels"));
            manifests.kinds("Service").forEach(service -> selectors.add(service.at("/spec/selector")));
            manifests.kinds("PodDisruptionBudget").forEach(pdb -> selectors.add(pdb.at("/spec/selector/matchLabels")));
            manifests.kinds("NetworkPolicy").forEach(np -> selectors.add(np.at("/spec/podSelector/matchLabels")));
            elements(manifests.podSpec().path("topologySpreadConstraints"))
                    .forEach(spread -> selectors.add(spread.at("/labelSelector/matchLabels")));
            assertThat(selectors).hasSizeGreaterThanOrEqualTo(6).allSatisfy(selector -> {
                assertThat(selector.isEmpty()).isFalse();
                assertThat(matches(selector, podLabels)).as("%s", selector).isTrue();
                assertThat(matches(selector, manifests.only("Pod").at("/metadata/labels")))
                        .as("%s matches the test pod", selector)
                        .isFalse();
            });
        }

        @Test
        void twoReleasesDoNotSelectEachOthersPods() {
            assertThat(Chart.render(DEFAULT)
                            .only("Deployment")
                            .at("/spec/selector/matchLabels/app.kubernetes.io~1instance")
                            .stringValue())
                    .isEqualTo(Chart.RELEASE);
        }

        @Test
        void theServiceMonitorSelectsTheManagementServiceAlone() {
            Manifests manifests = Chart.render(EVERYTHING);
            JsonNode selector = manifests.only("ServiceMonitor").at("/spec/selector/matchLabels");
            assertThat(manifests.kinds("Service").stream()
                            .filter(service -> matches(selector, service.at("/metadata/labels")))
                            .map(service -> service.at("/metadata/name").stringValue()))
                    .containsExactly("cancel-gateway-management");
        }

        @ParameterizedTest
        @MethodSource(ALL)
        void everyPortThatIsNamedExists(String name) {
            Manifests manifests = Chart.render(values(name));
            JsonNode container = manifests.container();
            Map<String, Integer> ports = new HashMap<>();
            elements(container.path("ports"))
                    .forEach(port -> ports.put(
                            port.path("name").stringValue(),
                            port.path("containerPort").intValue()));
            boolean tls = name.equals("everything"); // then the port has a name that says so
            assertThat(ports)
                    .containsExactlyInAnyOrderEntriesOf(Map.of(tls ? "https" : "http", 8080, "management", 8081));

            List<String> named = new ArrayList<>();
            for (JsonNode service : manifests.kinds("Service")) {
                elements(service.at("/spec/ports"))
                        .forEach(port -> named.add(port.path("targetPort").stringValue()));
            }
            for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
                named.add(container.at("/" + probe + "/httpGet/port").stringValue());
            }
            for (JsonNode rule : elements(manifests.only("NetworkPolicy").at("/spec/ingress"))) {
                elements(rule.path("ports"))
                        .forEach(port -> named.add(port.path("port").stringValue()));
            }
            assertThat(ports.keySet()).containsAll(named);

            for (JsonNode ingress : manifests.kinds("Ingress")) {
                JsonNode backend = ingress.at("/spec/rules/0/http/paths/0/backend/service");
                JsonNode service =
                        manifests.named("Service", backend.path("name").stringValue());
                assertThat(service.at("/spec/ports/0/name")).isEqualTo(backend.at("/port/name"));
            }
            for (JsonNode monitor : manifests.kinds("ServiceMonitor")) {
                assertThat(manifests
                                .named("Service", "cancel-gateway-management")
                                .at("/spec/ports/0/name"))
                        .isEqualTo(monitor.at("/spec/endpoints/0/port"));
            }
        }

        @ParameterizedTest
        @MethodSource(ALL)
        void everyMountHasAVolumeAndEveryVolumeAMount(String name) {
            Manifests manifests = Chart.render(values(name));
            assertThat(elements(manifests.container().path("volumeMounts")).stream()
                            .map(mount -> mount.path("name").stringValue()))
                    .containsExactlyInAnyOrderElementsOf(
                            elements(manifests.podSpec().path("volumes")).stream()
                                    .map(volume -> volume.path("name").stringValue())
                                    .toList());
        }

        @Test
        void theAutoscalerScalesTheDeploymentWhichThenSaysNoNumber() {
            Manifests manifests = Chart.render(EVERYTHING);
            JsonNode target = manifests.only("HorizontalPodAutoscaler").at("/spec/scaleTargetRef");
            assertThat(target.path("name"))
                    .isEqualTo(manifests.only("Deployment").at("/metadata/name"));
            assertThat(manifests.only("Deployment").path("spec").has("replicas"))
                    .isFalse();
            assertThat(Chart.render(PRODUCTION)
                            .only("Deployment")
                            .at("/spec/replicas")
                            .intValue())
                    .isEqualTo(2);
        }
    }

    private static boolean matches(JsonNode selector, JsonNode labels) {
        return selector.propertyStream().allMatch(label -> label.getValue().equals(labels.path(label.getKey())));
    }

    @Nested
    class PodSecurity {

        @ParameterizedTest
        @MethodSource(ALL)
        void isRestrictedForEveryPod(String name) {
            Manifests manifests = Chart.render(values(name));
            for (JsonNode pod :
                    List.of(manifests.podSpec(), manifests.only("Pod").path("spec"))) {
                assertRestricted(pod);
            }
            assertThat(manifests
                            .only("ServiceAccount")
                            .path("automountServiceAccountToken")
                            .booleanValue(true))
                    .isFalse();
        }

        static void assertRestricted(JsonNode pod) {
            assertThat(pod.at("/securityContext/runAsNonRoot").booleanValue()).isTrue();
            assertThat(pod.at("/securityContext/runAsUser").intValue()).isEqualTo(65532);
            assertThat(pod.at("/securityContext/seccompProfile/type").stringValue())
                    .isEqualTo("RuntimeDefault");
            assertThat(pod.path("automountServiceAccountToken").booleanValue(true))
                    .isFalse();
            for (String shared : List.of("hostNetwork", "hostPID", "hostIPC")) {
                assertThat(pod.has(shared)).isFalse();
            }
            List<JsonNode> containers = new ArrayList<>(elements(pod.path("containers")));
            containers.addAll(elements(pod.path("initContainers")));
            for (JsonNode container : containers) {
                JsonNode context = container.path("securityContext");
                assertThat(context.path("allowPrivilegeEscalation").booleanValue(true))
                        .isFalse();
                assertThat(context.path("readOnlyRootFilesystem").booleanValue())
                        .isTrue();
                assertThat(context.at("/capabilities/drop").toString()).isEqualTo("[\"ALL\"]");
                assertThat(context.at("/capabilities").has("add")).isFalse();
                assertThat(context.has("privileged")).isFalse();
            }
            for (JsonNode volume : elements(pod.path("volumes"))) {
                assertThat(volume.propertyNames())
                        .isSubsetOf(
                                "name", "emptyDir", "configMap", "secret", "persistentVolumeClaim", "projected", "csi");
            }
        }
    }

    @Nested
    class Lifecycle {

        /** {@link ShutdownSumIT} does the sum of what the application may take. */
        @ParameterizedTest
        @CsvSource({"15, 60, 5, 20, 60", "100, 60, 5, 20, 145", "1, 3600, 30, 19, 70"})
        void theGraceIsPreStopAndTheShutdownPhaseAndAMargin(
                int deadline, int wait, int preStop, int margin, int grace) {
            Manifests manifests = Chart.render("""
                    gateway: {deadlineSeconds: %d, waitMaxSeconds: %d}
                    shutdown: {preStopSeconds: %d, marginSeconds: %d}
                    """.formatted(deadline, wait, preStop, margin));
            String phase = manifests
                    .applicationYaml()
                    .at("/spring/lifecycle/timeout-per-shutdown-phase")
                    .stringValue();
            int phaseSeconds = Integer.parseInt(phase.substring(0, phase.length() - 1));
            assertThat(phase).endsWith("s");
            assertThat(manifests
                            .container()
                            .at("/lifecycle/preStop/sleep/seconds")
                            .intValue())
                    .isEqualTo(preStop);
            assertThat(manifests.podSpec().path("terminationGracePeriodSeconds").intValue())
                    .isEqualTo(preStop + phaseSeconds + margin)
                    .isEqualTo(grace);
            assertThat(manifests
                            .applicationYaml()
                            .at("/gateway/upstream/deadline")
                            .stringValue())
                    .isEqualTo(deadline + "s");
            assertThat(manifests.applicationYaml().at("/gateway/wait/max").stringValue())
                    .isEqualTo(wait + "s");
        }

        @Test
        void probesAskTheHealthGroupsOnTheManagementPort() {
            JsonNode container = Chart.render(DEFAULT).container();
            Map.of("startupProbe", "liveness", "livenessProbe", "liveness", "readinessProbe", "readiness")
                    .forEach((probe, group) -> {
                        assertThat(container.at("/" + probe + "/httpGet/path").stringValue())
                                .isEqualTo("/actuator/health/" + group);
                        assertThat(container.at("/" + probe + "/httpGet/port").stringValue())
                                .isEqualTo("management");
                    });
            assertThat(container.at("/startupProbe/failureThreshold").intValue()
                            * container.at("/startupProbe/periodSeconds").intValue())
                    .as("seconds for a migration")
                    .isGreaterThanOrEqualTo(300);
        }

        @Test
        void aChangeOfSettingsRollsThePodsAndOneOfKeysOrTokensDoesNot() {
            JsonNode before = template(DEMO);
            assertThat(template(DEMO, "gateway: {deadlineSeconds: 16}")).isNotEqualTo(before);
            assertThat(template(DEMO, "config: {gateway: {retry: {max-attempts: 2}}}"))
                    .isNotEqualTo(before);
            assertThat(template(EVERYTHING).at("/metadata/annotations").propertyNames())
                    .filteredOn(name -> name.startsWith("checksum/"))
                    .containsExactlyInAnyOrder("checksum/config", "checksum/database");
            assertThat(template(EVERYTHING, "database: {create: {password: another}}"))
                    .as("it is read at start")
                    .isNotEqualTo(template(EVERYTHING));
            assertThat(template(DEMO, "callers: {create: {billing: another}}")).isEqualTo(before);
            assertThat(template(DEMO, "tenants: {create: {acme: another, globex: third}}"))
                    .isEqualTo(before);
        }

        private JsonNode template(String... values) {
            return Chart.render(values).only("Deployment").at("/spec/template");
        }
    }

    @Nested
    class Database {

        @Test
        void withoutAnAddressIsAFileOnAClaimForOnePod() {
            Manifests manifests = Chart.render(DEFAULT);
            JsonNode deployment = manifests.only("Deployment");
            assertThat(deployment.at("/spec/replicas").intValue()).isEqualTo(1);
            assertThat(deployment.at("/spec/strategy").toString()).isEqualTo("{\"type\":\"Recreate\"}");
            assertThat(volume(manifests, "data").at("/persistentVolumeClaim/claimName"))
                    .isEqualTo(manifests.only("PersistentVolumeClaim").at("/metadata/name"));
            assertThat(manifests.podSpec().at("/securityContext/fsGroup").intValue())
                    .isEqualTo(65532);
            assertThat(manifests
                            .only("PersistentVolumeClaim")
                            .at("/metadata/annotations/helm.sh~1resource-policy")
                            .stringValue())
                    .isEqualTo("keep");
            assertThat(environment(manifests)).doesNotContainKey("SPRING_DATASOURCE_URL");
        }

        @Test
        void inAnotherClaimOrInNone() {
            Manifests existing = Chart.render("persistence: {existingClaim: ledger}");
            assertThat(existing.has("PersistentVolumeClaim")).isFalse();
            assertThat(volume(existing, "data")
                            .at("/persistentVolumeClaim/claimName")
                            .stringValue())
                    .isEqualTo("ledger");
            Manifests none = Chart.render("persistence: {enabled: false}");
            assertThat(none.has("PersistentVolumeClaim")).isFalse();
            assertThat(volume(none, "data").has("emptyDir")).isTrue();
        }

        @Test
        void postgresqlTakesNoClaimAndRollsWithoutAGap() {
            Manifests manifests = Chart.render(PRODUCTION);
            assertThat(manifests.has("PersistentVolumeClaim")).isFalse();
            assertThat(manifests.only("Deployment").at("/spec/strategy").toString())
                    .isEqualTo("{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"maxUnavailable\":0,\"maxSurge\":1}}");
            Map<String, JsonNode> environment = environment(manifests);
            assertThat(environment.get("SPRING_DATASOURCE_URL").path("value").stringValue())
                    .isEqualTo("jdbc:postgresql://postgres.databases:5432/cancellations");
            assertThat(volume(manifests, "database").at("/secret/secretName").stringValue())
                    .isEqualTo("cancel-gateway-database");
        }

        @Test
        void morePodsOrAnAutoscalerNeedPostgresql() {
            assertThatThrownBy(() -> Chart.render("replicaCount: 2"))
                    .hasMessageContaining("replicaCount above 1 needs database.url")
                    .hasMessageContaining("one process at a time");
            assertThatThrownBy(() -> Chart.render("autoscaling: {enabled: true}"))
                    .hasMessageContaining("autoscaling.enabled needs database.url")
                    .hasMessageContaining("one process at a time");
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "jdbc:postgresql://db/x                                        | [5432]",
                    "jdbc:postgresql://db:6432/x?sslmode=verify-full               | [6432]",
                    "jdbc:postgresql://a:1111,b:2222,c/x?targetServerType=primary  | [1111,2222,5432]",
                    "jdbc:postgresql://[fd00::1:2]:7777/x                          | [7777]",
                    "jdbc:postgresql://[fd00::1]/x                                 | [5432]",
                })
        void thePortsOfItsAddressAreLetOut(String url, String ports) {
            JsonNode egress = Chart.render("database: {existingSecret: s, url: '" + url + "'}")
                    .only("NetworkPolicy")
                    .at("/spec/egress");
            List<Integer> open = elements(egress).stream()
                    .flatMap(rule -> elements(rule.path("ports")).stream())
                    .map(port -> port.path("port").intValue())
                    .filter(port -> port != 53 && port != 443)
                    .toList();
            assertThat(open.toString().replace(" ", "")).isEqualTo(ports);
        }
    }

    private static JsonNode volume(Manifests manifests, String name) {
        return elements(manifests.podSpec().path("volumes")).stream()
                .filter(volume -> volume.path("name").stringValue().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static JsonNode mount(Manifests manifests, String name) {
        return elements(manifests.container().path("volumeMounts")).stream()
                .filter(mount -> mount.path("name").stringValue().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static Map<String, JsonNode> environment(Manifests manifests) {
        Map<String, JsonNode> environment = new HashMap<>();
        elements(manifests.container().path("env"))
                .forEach(variable -> environment.put(variable.path("name").stringValue(), variable));
        return environment;
    }

    @Nested
    class WhatTheApplicationReads {

        private final ApplicationSettings settings = new ApplicationSettings();

        @ParameterizedTest
        @MethodSource(ALL)
        void everyEnvironmentVariableNamesASetting(String name) {
            Manifests manifests = Chart.render(values(name), "extraEnv: []", "jvm: {options: []}");
            assertThat(environment(manifests)).isNotEmpty();
            assertThat(environment(manifests).keySet()).allMatch(settings::hasEnvironmentVariable);
        }

        @ParameterizedTest
        @MethodSource(ALL)
        void everyKeyOfTheConfigMapNamesASetting(String name) {
            Set<String> keys = new TreeSet<>();
            flatten("", Chart.render(values(name)).applicationYaml(), keys);
            assertThat(keys).contains("gateway.upstream.deadline", "gateway.wait.max");
            assertThat(keys).allMatch(settings::has);
        }

        @Test
        void aKeyThatNobodyReadsWouldBeFound() {
            assertThat(settings.has("gateway.callers.billing.token-sha256")).isTrue();
            assertThat(settings.has("gateway.callers.billing.token")).isFalse();
            assertThat(settings.has("gateway.upstream.dead-line")).isFalse();
            assertThat(settings.hasEnvironmentVariable("GATEWAY_TENANTSDIR")).isTrue();
            assertThat(settings.hasEnvironmentVariable("GATEWAY_TENANTS_DIR")).isFalse();
        }

        @ParameterizedTest
        @ValueSource(strings = {"production", "demo", "everything", "operators"})
        void theMountsAreWhereItLooks(String name) {
            Manifests manifests = Chart.render(values(name));
            Map<String, JsonNode> environment = environment(manifests);
            assertThat(environment
                            .get("SPRING_CONFIG_ADDITIONALLOCATION")
                            .path("value")
                            .stringValue())
                    .isEqualTo("file:"
                            + mount(manifests, "config").path("mountPath").stringValue() + "/");
            List<String> trees = Stream.of("database", "migrations", "proxy")
                    .filter(volume -> elements(manifests.podSpec().path("volumes")).stream()
                            .anyMatch(candidate ->
                                    candidate.path("name").stringValue().equals(volume)))
                    .map(volume -> "configtree:"
                            + mount(manifests, volume).path("mountPath").stringValue() + "/")
                    .toList();
            assertThat(trees)
                    .hasSize(
                            switch (name) {
                                case "demo" -> 0;
                                case "everything" -> 3;
                                default -> 1;
                            });
            assertThat(
                            trees.isEmpty()
                                    ? ""
                                    : environment
                                            .get("SPRING_CONFIG_IMPORT")
                                            .path("value")
                                            .stringValue())
                    .isEqualTo(String.join(",", trees));
            for (String kind : List.of("tenants", "callers")) {
                assertThat(environment
                                .get("GATEWAY_" + kind.toUpperCase(Locale.ROOT) + "DIR")
                                .path("value"))
                        .isEqualTo(mount(manifests, kind).path("mountPath"));
                assertThat(mount(manifests, kind).has("subPath"))
                        .as("a subPath is never updated")
                        .isFalse();
            }
        }

        @Test
        void aCallerWithASubjectNeedsNoToken() {
            Manifests manifests = Chart.render("""
                    callers:
                      access:
                        billing:
                          tenants: [acme]
                          subject: system:serviceaccount:video:billing
                          maxRequestsPerSecond: 50
                    """);
            assertThat(environment(manifests)).doesNotContainKey("GATEWAY_CALLERSDIR");
            JsonNode billing = manifests.applicationYaml().at("/gateway/callers/billing");
            assertThat(billing.path("subject").stringValue()).isEqualTo("system:serviceaccount:video:billing");
            assertThat(billing.path("maxRequestsPerSecond").intValue()).isEqualTo(50);
        }

        @ParameterizedTest
        @CsvSource({"production, username", "everything, user"})
        void theDatabasesUserAndPasswordAreFilesUnderTheNamesOfTheirSettings(String name, String userKey) {
            Manifests manifests = Chart.render(values(name));
            JsonNode items = volume(manifests, "database").at("/secret/items");
            assertThat(items).isEqualTo(Chart.yaml("""
                            - {key: %s, path: spring/datasource/username}
                            - {key: password, path: spring/datasource/password}
                            """.formatted(userKey)));
            assertThat(elements(items))
                    .allMatch(
                            item -> settings.has(item.path("path").stringValue().replace('/', '.')));
            assertThat(elements(manifests.container().path("env"))).noneMatch(variable -> variable.has("valueFrom"));
        }

        private void flatten(String prefix, JsonNode node, Set<String> keys) {
            if (node.isObject() && !node.isEmpty()) {
                node.propertyStream()
                        .forEach(entry -> flatten(
                                prefix.isEmpty() ? entry.getKey() : prefix + "." + entry.getKey(),
                                entry.getValue(),
                                keys));
            } else {
                keys.add(prefix);
            }
        }
    }

    @Nested
    class Secrets {

        @Test
        void thatExistAreReferredToAndNoneIsCreated() {
            Manifests manifests = Chart.render(PRODUCTION);
            assertThat(manifests.has("Secret")).isFalse();
            assertThat(volume(manifests, "tenants").at("/secret/secretName").stringValue())
                    .isEqualTo("twelvelabs-keys");
            assertThat(volume(manifests, "callers").at("/secret/secretName").stringValue())
                    .isEqualTo("cancel-gateway-callers");
        }

        @Test
        void ofADemoHoldTheKeysAndOnlyHashesOfTokens() {
            Manifests manifests = Chart.render(DEMO);
            assertThat(decoded(manifests.named("Secret", "cancel-gateway-tenants"), "acme"))
                    .isEqualTo("tlk_a_key_of_acme");
            assertThat(decoded(manifests.named("Secret", "cancel-gateway-callers"), "billing"))
                    .isEqualTo(Sha256.hex("demo-token"));
            assertThat(manifests.all().toString()).doesNotContain("demo-token");
            for (String name : List.of("tenants", "callers")) {
                manifests.named(
                        "Secret",
                        volume(manifests, name).at("/secret/secretName").stringValue());
            }
        }

        private String decoded(JsonNode secret, String key) {
            return new String(
                    Base64.getDecoder().decode(secret.path("data").path(key).stringValue()), StandardCharsets.UTF_8);
        }
    }

    @Nested
    class Monitoring {

        @Test
        void findsTheManagementPortByAnnotationsOrByAServiceMonitor() {
            JsonNode annotations = Chart.render(DEFAULT).only("Deployment").at("/spec/template/metadata/annotations");
            assertThat(annotations.path("prometheus.io/port").stringValue()).isEqualTo("8081");
            assertThat(annotations.path("prometheus.io/path").stringValue()).isEqualTo("/actuator/prometheus");
            Manifests everything = Chart.render(EVERYTHING);
            assertThat(everything
                            .only("Deployment")
                            .at("/spec/template/metadata/annotations")
                            .has("prometheus.io/scrape"))
                    .as("scraped twice")
                    .isFalse();
            assertThat(everything
                            .only("ServiceMonitor")
                            .at("/spec/endpoints/0/path")
                            .stringValue())
                    .isEqualTo("/actuator/prometheus");
        }

        @Test
        void alertsWatchTheJobThatTheServiceMonitorMakes() {
            Manifests manifests = Chart.render(EVERYTHING);
            JsonNode rule = manifests.only("PrometheusRule");
            assertThat(rule.at("/metadata/labels/release").stringValue()).isEqualTo("prometheus");
            // with a jobLabel the job is what that label of the Service says
            JsonNode service = manifests.named("Service", "cancel-gateway-management");
            assertThat(manifests.only("ServiceMonitor").at("/spec/jobLabel").stringValue())
                    .isEqualTo("app.kubernetes.io/name");
            String target = "job=\"%s\",namespace=\"cancellations\""
                    .formatted(service.at("/metadata/labels/app.kubernetes.io~1name")
                            .stringValue());
            List<JsonNode> rules = elements(rule.at("/spec/groups")).stream()
                    .flatMap(group -> elements(group.path("rules")).stream())
                    .toList();
            assertThat(rules)
                    .hasSizeGreaterThan(20)
                    .allSatisfy(
                            one -> assertThat(one.path("expr").stringValue()).contains(target));
            assertThat(rule.toString())
                    .contains("(1 - 99 / 100)", "< 30 * 86400")
                    .contains("https://docs.example.com/cancel-gateway/runbook.md#cancelgatewayledgerdown")
                    .doesNotContainPattern("JOB|NAMESPACE|OBJECTIVE|CERTIFICATE_DAYS|RUNBOOK");
        }

        @Test
        void dashboardsAreConfigMapsThatGrafanasSidecarFinds() {
            assertThat(Chart.render(DEFAULT).kinds("ConfigMap")).hasSize(1);
            Manifests everything = Chart.render(EVERYTHING);
            for (String name : List.of("cancellations", "gateway")) {
                JsonNode map = everything.named("ConfigMap", "cancel-gateway-dashboard-" + name);
                assertThat(map.at("/metadata/namespace").stringValue()).isEqualTo("monitoring");
                assertThat(map.at("/metadata/labels/grafana_dashboard").stringValue())
                        .isEqualTo("1");
                assertThat(map.at("/metadata/annotations/grafana_folder").stringValue())
                        .isEqualTo("Cancel Gateway");
                assertThat(map.path("data").propertyNames()).containsExactly("cancel-gateway-" + name + ".json");
                assertThat(JsonMapper.shared()
                                .readTree(map.at("/data/cancel-gateway-" + name + ".json")
                                        .stringValue()))
                        .isEqualTo(JsonMapper.shared()
                                .readTree(Chart.read(
                                        Chart.DIRECTORY.resolve("dashboards").resolve(name + ".json"))));
            }
            assertThat(everything.kinds("ConfigMap").stream()
                            .filter(map ->
                                    map.at("/metadata/name").stringValue().contains("dashboard")))
                    .hasSize(2);
            assertThat(Chart.render("dashboards: {enabled: true}")
                            .named("ConfigMap", "cancel-gateway-dashboard-gateway")
                            .at("/metadata/namespace")
                            .stringValue())
                    .isEqualTo("cancellations");
        }

        @Test
        void isAloneInReachingIt() {
            Manifests manifests = Chart.render(EVERYTHING);
            JsonNode service = manifests.named("Service", "cancel-gateway");
            assertThat(service.at("/spec/ports").size()).isEqualTo(1);
            assertThat(service.at("/spec/ports/0/targetPort").stringValue()).isEqualTo("https");
            List<JsonNode> rules = elements(manifests.only("NetworkPolicy").at("/spec/ingress")).stream()
                    .filter(rule -> rule.at("/ports").toString().contains("management"))
                    .toList();
            assertThat(rules).hasSize(1);
            assertThat(rules.getFirst().path("ports").size()).isEqualTo(1);
            assertThat(rules.getFirst().path("from").toString())
                    .isEqualTo("[{\"namespaceSelector\":{\"matchLabels\":"
                            + "{\"kubernetes.io/metadata.name\":\"monitoring\"}}}]");
        }
    }

    @Nested
    class Network {

        @Test
        void letsInLabelledNamespacesAndOutToDnsHttpsAndTheDatabase() {
            JsonNode policy = Chart.render(PRODUCTION).only("NetworkPolicy").path("spec");
            assertThat(policy.path("policyTypes").toString()).isEqualTo("[\"Ingress\",\"Egress\"]");
            JsonNode callers = policy.at("/ingress/0");
            assertThat(callers.at("/from/0"))
                    .isEqualTo(Chart.yaml("{namespaceSelector: {matchLabels: {cancel-gateway/client: 'true'}}}"));
            assertThat(callers.at("/ports").toString()).isEqualTo("[{\"port\":\"http\",\"protocol\":\"TCP\"}]");
            assertThat(elements(policy.path("egress")).stream()
                            .map(rule -> rule.path("ports").toString().replaceAll("[^0-9A-Z,]", "")))
                    .containsExactly("53,UDP,53,TCP", "443,TCP", "5432,TCP");
            assertThat(elements(policy.path("ingress")))
                    .hasSize(2)
                    .allMatch(rule -> !rule.path("from").isEmpty())
                    .allMatch(rule -> !rule.path("ports").isEmpty());
        }

        @ParameterizedTest
        @CsvSource({"clients, 0, http, 1", "monitoring, 1, management, 0"})
        void peersOfOnesOwnReplaceTheDefaults(String name, int rule, String port, int others) {
            String peers = "[{ipBlock: {cidr: 10.0.0.0/8}}, {podSelector: {matchLabels: {a: b}}}]";
            JsonNode policy = Chart.render("networkPolicy: {%s: %s}".formatted(name, peers))
                    .only("NetworkPolicy");
            KubernetesApi.decode(policy);
            List<JsonNode> from = elements(policy.at("/spec/ingress/" + rule + "/from"));
            assertThat(from)
                    .hasSize(2 + others)
                    .startsWith(elements(Chart.yaml(peers)).toArray(JsonNode[]::new));
            assertThat(policy.at("/spec/ingress/" + rule + "/ports/0/port").stringValue())
                    .isEqualTo(port);
        }

        @Test
        void theTestPodMayCallTheService() {
            Manifests manifests = Chart.render(EVERYTHING);
            JsonNode pod = manifests.only("Pod");
            assertThat(matches(
                            manifests.only("NetworkPolicy").at("/spec/ingress/0/from/1/podSelector/matchLabels"),
                            pod.at("/metadata/labels")))
                    .isTrue();
            assertThat(Chart.testPodTemplate()).contains("    helm.sh/hook: test\n");
            assertThat(pod.at("/spec/containers/0/args/0").stringValue())
                    .contains("curl -sS --insecure ")
                    .contains("https://cancel-gateway:80/v1.3/analyze/batches/");
        }
    }

    @Nested
    class Options {

        @Test
        void areThoseOfOtherCharts() {
            JsonNode service = Chart.render("""
                            service: {type: LoadBalancer, nodePort: 30080, loadBalancerSourceRanges: [10.0.0.0/8]}
                            """).only("Service");
            KubernetesApi.decode(service);
            assertThat(service.at("/spec/ports/0/nodePort").intValue()).isEqualTo(30080);
            assertThat(service.at("/spec/loadBalancerSourceRanges").toString()).isEqualTo("[\"10.0.0.0/8\"]");

            String digest = "sha256:" + "0a".repeat(32);
            assertThat(Chart.render("image: {tag: ignored, digest: '" + digest + "'}")
                            .container()
                            .path("image")
                            .stringValue())
                    .isEqualTo("cancel-gateway@" + digest);

            assertThat(Chart.render("persistence: {storageClass: '-'}")
                            .only("PersistentVolumeClaim")
                            .at("/spec/storageClassName")
                            .stringValue())
                    .isEmpty();
            assertThat(Chart.render(DEFAULT)
                            .only("PersistentVolumeClaim")
                            .path("spec")
                            .has("storageClassName"))
                    .isFalse();
        }

        @Test
        void onePodMustStayOrOneMayGo() {
            JsonNode budget = Chart.render(PRODUCTION, "podDisruptionBudget: {minAvailable: 1}")
                    .only("PodDisruptionBudget")
                    .path("spec");
            assertThat(budget.path("minAvailable").intValue()).isEqualTo(1);
            assertThat(budget.has("maxUnavailable")).isFalse();
            assertThat(Chart.render(DEFAULT)
                            .only("PodDisruptionBudget")
                            .path("spec")
                            .propertyNames())
                    .contains("maxUnavailable")
                    .doesNotContain("minAvailable");
        }

        @Test
        void thatAreTakenAwayLeaveNothingBehind() {
            Manifests manifests = Chart.render("""
                    enabled: true
                    global: {anything: goes}
                    resources: null
                    podSecurityContext: {runAsUser: null, runAsGroup: null, fsGroup: null}
                    callers: {existingSecret: tokens}
                    """);
            manifests.all().forEach(manifest -> KubernetesApi.decode(manifest.json()));
            assertThat(manifests.container().has("resources")).isFalse();
            assertThat(manifests.podSpec().path("securityContext").propertyNames())
                    .contains("runAsNonRoot")
                    .doesNotContain("runAsUser", "runAsGroup", "fsGroup");
            assertThat(manifests.container().path("volumeMounts").toString()).doesNotContain("callers");
        }

        @Test
        void ofPodsDoNotReplaceTheSelectorsLabelsAndMayReplaceAnnotations() {
            JsonNode metadata = Chart.render("""
                            podLabels: {app.kubernetes.io/component: other, team: a}
                            podAnnotations: {prometheus.io/scrape: "false"}
                            """).only("Deployment").at("/spec/template/metadata");
            assertThat(metadata.at("/labels/app.kubernetes.io~1component").stringValue())
                    .isEqualTo("gateway");
            assertThat(metadata.at("/labels/team").stringValue()).isEqualTo("a");
            assertThat(metadata.at("/annotations/prometheus.io~1scrape").stringValue())
                    .isEqualTo("false");
        }
    }

    @Nested
    class Refused {

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "replicas: 2",
                    "replicaCount: two",
                    "replicaCount: -1",
                    "image: {pullPolicy: Sometimes}",
                    "image: {repository: ''}",
                    "service: {type: Internal}",
                    "service: {port: 0}",
                    "database: {url: 'jdbc:mysql://db/x'}",
                    "database: {url: 'postgresql://db/x'}",
                    "database: {uri: 'jdbc:postgresql://db/x'}",
                    "database: {url: 'jdbc:postgresql://db/x', create: {username: only}}",
                    "tenants: {existingSecret: Not_A_Name}",
                    "tenants: {create: {Acme: tlk_1}}",
                    "tenants: {create: {acme: ''}}",
                    "callers: {existingSecret: s, access: {billing: {tenants: []}}}",
                    "callers: {existingSecret: s, access: {billing: {permissions: [read]}}}",
                    "callers: {existingSecret: s, access: {billing: {tenants: [acme], permissions: [write]}}}",
                    "callers: {existingSecret: s, access: {Billing_1: {tenants: [acme]}}}",
                    "callers: {access: {billing: {tenants: [acme], subject: ' '}}}",
                    "callers: {existingSecret: s, access: {billing: {tenants: [acme], maxRequestsPerSecond: 0}}}",
                    "gateway: {deadlineSeconds: 15s}",
                    "gateway: {waitMaxSeconds: 0}",
                    "persistence: {size: big}",
                    "persistence: {accessModes: [ReadOnlyMany]}",
                    "resources: {limits: {memory: lots}}",
                    "resources: {limit: {memory: 1Gi}}",
                    "autoscaling: {minReplicas: 0}",
                    "podDisruptionBudget: {maxUnavailable: 0}",
                    "podDisruptionBudget: {minAvailable: 0}",
                    "shutdown: {marginSeconds: 18}",
                    "fullnameOverride: 1st",
                    "fullnameOverride: a.b",
                    "image: {digest: latest}",
                    "service: {nodePort: any}",
                    "service: {loadBalancerSourceRanges: [somewhere]}",
                    "enabled: 1",
                    "livenessProbe: {path: /}",
                    "serviceMonitor: {interval: often}",
                    "prometheusRule: {objectivePercent: 0.995}",
                    "prometheusRule: {objectivePercent: 100}",
                    "prometheusRule: {certificateDays: 0}",
                    "prometheusRule: {runbookUrl: docs/runbook.md}",
                    "prometheusRule: {runbookUrl: 'https://docs.example.com/#runbook'}",
                    "dashboards: {namespace: Monitoring}",
                    "dashboards: {labels: {grafana_dashboard: 1}}",
                    "networkPolicy: {clients: [{namespaceSelector: {labels: {a: b}}}]}",
                    "networkPolicy: {clients: [{}]}",
                    "ingress: {enabled: true, hosts: [{host: a, paths: [{path: x, pathType: Prefix}]}]}",
                    "extraEnv: {A: b}",
                    "podLabels: {a: 1}",
                })
        void byTheSchema(String values) {
            assertThatThrownBy(() -> Chart.render(values)).hasMessageContaining("don't meet the specifications");
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "callers: {access: {billing: {tenants: [acme]}}} | callers.access.billing needs callers.existingSecret",
                    "callers: {create: {billing: t}} | callers.create.billing needs callers.access.billing",
                    "callers: {create: {a: t}, access: {a: {tenants: [x]}, b: {tenants: [x]}}}"
                            + " | callers.access.b needs a token",
                    "tenants: {existingSecret: s, create: {acme: k}}"
                            + " | tenants.existingSecret and tenants.create exclude",
                    "database: {existingSecret: s} | need database.url",
                    "config: {spring: {datasource: {url: x}}} | config must not set spring.datasource.url",
                    "config: {spring.datasource.url: x} | config must not set spring.datasource.url",
                    "config: {spring: {datasource.url: x}} | config must not set spring.datasource.url",
                    "config: {spring.datasource: {password: x}} | config must not set spring.datasource.password",
                    "config: {gateway.tenants.acme.api-key: k} | config must not set gateway.tenants:",
                    "config: {gateway: {tenantsDir: /keys}} | config must not set gateway.tenants-dir",
                    "config: {management: {server: {port: 9}}} | config must not set management.server",
                    "config: {server.port: 9090} | config must not set server.port",
                    "config: {gateway: {upstream: {deadline: 90s}}} | Use gateway.deadlineSeconds",
                    "config: {db-scheduler: {shutdownMaxWait: 5m}}"
                            + " | config must not set db-scheduler.shutdown-max-wait",
                    "config: {spring.lifecycle.timeout-per-shutdown-phase: 5m} | Use gateway.deadlineSeconds",
                    "extraEnv: [{name: GATEWAY_UPSTREAM_DEADLINE, value: 5m}] | the pod's grace follows from it",
                    "extraEnv: [{name: DBSCHEDULER_SHUTDOWNMAXWAIT, value: 5m}] | the pod's grace follows from it",
                    "database: {url: 'jdbc:postgresql://db/x?user=u&password=p'}"
                            + " | database.url must not have a password in it",
                    "database: {url: 'jdbc:postgresql://db/x?sslmode=require'}"
                            + " | database.url needs database.existingSecret",
                    "extraEnv: [{name: SPRING_CONFIG_IMPORT, value: x}] | extraEnv must not set SPRING_CONFIG_IMPORT",
                    "prometheusRule: {enabled: true, runbookUrl: 'https://docs.example.com'}"
                            + " | prometheusRule.enabled needs serviceMonitor.enabled",
                    "{prometheusRule: {enabled: true}, serviceMonitor: {enabled: true}}"
                            + " | prometheusRule.enabled needs prometheusRule.runbookUrl",
                    "autoscaling: {minReplicas: 9} | autoscaling.minReplicas must not be above",
                })
        void withASentenceThatSaysWhy(String values, String sentence) {
            assertThatThrownBy(() -> Chart.render(values)).hasMessageContaining(sentence);
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "config: {spring: {datasource: {hikari: {maximum-pool-size: 10}}}}",
                    "config: {spring.datasource.hikari.maximum-pool-size: 10}",
                    "config: {gateway: {upstream: {attempt-timeout: 8s}}}",
                })
        void notWhatOnlySharesTheBeginningOfAName(String values) {
            assertThat(Chart.render(values).applicationYaml().toString()).containsAnyOf("10", "8s");
        }
    }

    @Nested
    class Documentation {

        @Test
        void theReadmeHasEveryValueWithItsDefaultAndMeaning() {
            assertThat(Chart.read(Chart.DIRECTORY.resolve("README.md")))
                    .contains(ValuesTable.of(Chart.read(Chart.DIRECTORY.resolve("values.yaml"))));
        }

        @Test
        void thePodsOfTheInstallationGuideAreThoseThatTheApiHasAndRestricted() {
            List<JsonNode> pods = Pattern.compile("(?ms)^```yaml\n(apiVersion: .*?)^```$")
                    .matcher(Chart.read(Path.of("docs", "INSTALL.md")))
                    .results()
                    .map(block -> Chart.yaml(block.group(1)))
                    .toList();
            assertThat(pods.stream().map(pod -> pod.at("/metadata/name").stringValue()))
                    .containsExactly("ledger-files", "move-to-postgresql");
            for (JsonNode pod : pods) {
                KubernetesApi.decode(pod);
                PodSecurity.assertRestricted(pod.path("spec"));
            }
        }

        @Test
        void theNotesShowTheFirstCurl() {
            assertThat(Chart.notes(DEMO))
                    .contains("kubectl -n cancellations port-forward service/cancel-gateway 8080:8080")
                    .contains("curl -i -X POST -H \"Authorization: Bearer $TOKEN\" -H \"X-Tenant-Id: acme\""
                            + " http://localhost:8080/v1.3/analyze/batches/$BATCH/cancel")
                    .contains("kubectl label namespace <namespace> cancel-gateway/client=true")
                    .doesNotContain("Nobody gets in");
            assertThat(Chart.notes(DEFAULT)).contains("Nobody gets in yet", "curl -i -X POST");
            assertThat(Chart.notes(DEFAULT, "networkPolicy: {clients: [{ipBlock: {cidr: 10.0.0.0/8}}]}"))
                    .contains("10.0.0.0/8")
                    .doesNotContain("kubectl label");
        }
    }
}
