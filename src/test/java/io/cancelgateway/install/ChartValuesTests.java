package io.cancelgateway.install;

import static io.cancelgateway.install.Chart.elements;
import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.install.Chart.Manifest;
import io.cancelgateway.install.Chart.Manifests;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What each of the values that clusters need becomes. */
class ChartValuesTests {

    private static final String PRODUCTION = Chart.values("production");
    private static final String EVERYTHING = Chart.values("everything");
    private static final String OPERATORS = Chart.values("operators");

    private static final Manifests EVERY = Chart.render(EVERYTHING);

    private static JsonNode volume(Manifests manifests, String name) {
        return elements(manifests.podSpec().path("volumes")).stream()
                .filter(volume -> volume.path("name").stringValue().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static String variable(Manifests manifests, String name) {
        return elements(manifests.container().path("env")).stream()
                .filter(variable -> variable.path("name").stringValue().equals(name))
                .map(variable -> variable.path("value").stringValue())
                .findFirst()
                .orElse("");
    }

    /** Beside the defaults: the files of values are what the gate renders with the helm command. */
    @Test
    void everyValueIsGivenInAFileOfValues() {
        Set<String> given = new TreeSet<>();
        Chart.names().forEach(name -> names("", Chart.yaml(Chart.values(name)), given));
        Set<String> missing = new TreeSet<>();
        names("", Chart.yaml(Chart.read(Chart.DIRECTORY.resolve("values.yaml"))), missing);
        missing.removeIf(name -> given.stream().anyMatch(one -> one.equals(name) || one.startsWith(name + ".")));
        missing.removeIf(name -> given.stream().anyMatch(one -> name.startsWith(one + ".")));
        assertThat(missing).isEmpty();
    }

    /** Helm takes a value away if it is null, as whoever wants none of it may write. */
    @ParameterizedTest
    @ValueSource(strings = {"default", "everything", "operators"})
    void everyValueThatIsNullIsLeftOutOrRefusedWithASentence(String file) {
        String values = file.equals("default") ? "" : Chart.values(file);
        Set<String> names = new TreeSet<>();
        allNames("", Chart.yaml(Chart.read(Chart.DIRECTORY.resolve("values.yaml"))), names);
        names.removeIf(name -> name.contains("ecurityContext.")); // fields of the API, each by itself
        assertThat(names).hasSizeGreaterThan(150);
        for (String name : names) {
            String[] parts = name.split("\\.");
            String without = "{" + String.join(": {", parts) + ": null" + "}".repeat(parts.length);
            try {
                for (Manifest manifest : Chart.render(values, without).all()) {
                    if (!manifest.kind().equals("PrometheusRule")
                            && !manifest.kind().equals("ServiceMonitor")) {
                        KubernetesApi.decode(manifest.json());
                    }
                    assertThat(hasNull(manifest.json()))
                            .as("%s without %s: %s", manifest, name, manifest.json())
                            .isFalse();
                }
            } catch (IllegalStateException e) {
                assertThat(e.getMessage())
                        .as(name)
                        .containsAnyOf("execution error at", "don't meet the specifications");
            }
        }
    }

    private static void allNames(String prefix, JsonNode node, Set<String> into) {
        node.propertyStream().forEach(entry -> {
            String name = prefix.isEmpty() ? entry.getKey() : prefix + "." + entry.getKey();
            into.add(name);
            allNames(name, entry.getValue(), into);
        });
    }

    private static boolean hasNull(JsonNode node) {
        return node.isNull() || node.valueStream().anyMatch(ChartValuesTests::hasNull);
    }

    private static void names(String prefix, JsonNode node, Set<String> into) {
        if (node.isObject() && !node.isEmpty()) {
            node.propertyStream()
                    .forEach(entry -> names(
                            prefix.isEmpty() ? entry.getKey() : prefix + "." + entry.getKey(), entry.getValue(), into));
        } else {
            into.add(prefix);
        }
    }

    /** Each on top of the values for production. */
    @Test
    void theExamplesForPlatformsRender() {
        List<String> examples = Pattern.compile("(?ms)^```yaml\n(.*?)^```$")
                .matcher(Chart.read(Path.of("docs", "KUBERNETES.md")))
                .results()
                .map(block -> block.group(1))
                .toList();
        assertThat(examples).hasSize(9);
        for (String example : examples) {
            String instead = example.contains("existingVolume") ? "tenants: {existingSecret: ''}" : "";
            Manifests rendered = Chart.render(PRODUCTION, example, instead);
            KubernetesApi.decode(rendered.only("Deployment"));
            KubernetesApi.decode(rendered.only("NetworkPolicy"));
        }
    }

    @Nested
    class Labels {

        @Test
        void thatAreCommonAreOnEveryResourceAndThePodsAndInNoSelector() {
            for (Manifest manifest : EVERY.all()) {
                if (!manifest.source().endsWith("/extra-objects.yaml")) {
                    assertThat(manifest.json()
                                    .at("/metadata/labels/example.com~1owner")
                                    .stringValue("none"))
                            .as("%s", manifest)
                            .isEqualTo("platform");
                }
            }
            JsonNode deployment = EVERY.only("Deployment");
            assertThat(deployment
                            .at("/spec/template/metadata/labels/example.com~1owner")
                            .stringValue())
                    .isEqualTo("platform");
            assertThat(deployment.at("/spec/selector").toString()).doesNotContain("example.com");
            assertThat(Chart.render("commonLabels: {app.kubernetes.io/component: other}")
                            .only("Deployment")
                            .at("/spec/template/metadata/labels/app.kubernetes.io~1component")
                            .stringValue())
                    .as("the chart's own win")
                    .isEqualTo("gateway");
        }

        @ParameterizedTest
        @CsvSource({
            "'', 0.1.0-SNAPSHOT",
            "'image: {tag: 2.0.1}', 2.0.1",
            "'image: {tag: _2.0+a_}', 2.0_a",
            "'image: {tag: \"main-3f2a@sha256:abc\"}', main-3f2a",
            "'image: {tag: 2.0.1, digest: \"sha256:DIGEST\"}', 2.0.1",
            "'image: {digest: \"sha256:DIGEST\"}', none",
        })
        void nameTheVersionThatRuns(String values, String version) {
            JsonNode labels = Chart.render(values.replace("DIGEST", "0a".repeat(32)))
                    .only("Deployment")
                    .at("/metadata/labels");
            assertThat(labels.path("app.kubernetes.io/version").stringValue("none"))
                    .isEqualTo(version);
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "image: {tag: 2.0.1}",
                    "image: {digest: 'sha256:0000000000000000000000000000000000000000000000000000000000000000'}",
                })
        void ofPodsAreThoseOfTheChartBefore(String image) {
            Manifests before = Chart.render(EVERYTHING, image);
            Manifests bumped = Chart.renderAsVersion("9.9.9", EVERYTHING, image);
            assertThat(bumped.only("Deployment")
                            .at("/metadata/labels/helm.sh~1chart")
                            .stringValue())
                    .isEqualTo("cancel-gateway-9.9.9");
            assertThat(bumped.only("Deployment").at("/spec/template"))
                    .as("nothing that changed, so nothing that restarts")
                    .isEqualTo(before.only("Deployment").at("/spec/template"));
        }
    }

    @Nested
    class Images {

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "image: {tag: '1'} | cancel-gateway:1",
                    "image: {tag: '1', registry: r.example.com} | r.example.com/cancel-gateway:1",
                    "{image: {tag: '1', registry: r.example.com}, global: {imageRegistry: m.example.com}} "
                            + "| m.example.com/cancel-gateway:1",
                    "{image: {tag: '1', repository: team/x}, global: {imageRegistry: 'm.example.com/hub/'}} "
                            + "| m.example.com/hub/team/x:1",
                    "image: {tag: '1', repository: r.example.com/x} | r.example.com/x:1",
                })
        void comeFromTheRegistryThatIsNamed(String values, String image) {
            assertThat(Chart.render(values).container().path("image").stringValue())
                    .isEqualTo(image);
        }

        @ParameterizedTest
        @CsvSource({
            "'', curlimages/curl:8.11.1",
            "'global: {imageRegistry: m.example.com}', m.example.com/curlimages/curl:8.11.1",
            "'{global: {imageRegistry: m.example.com}, tests: {image: \"r.example.com/curl:1\"}}', "
                    + "r.example.com/curl:1",
        })
        void ofTheTestDoTheSame(String values, String image) {
            assertThat(Chart.render(values)
                            .only("Pod")
                            .at("/spec/containers/0/image")
                            .stringValue())
                    .isEqualTo(image);
        }

        @Test
        void arePulledWithTheSecretsOfTheReleaseAndOfAllCharts() {
            Manifests manifests = Chart.render("""
                    imagePullSecrets: [{name: own}]
                    global: {imagePullSecrets: [mirror, {name: own}, {name: other}]}
                    """);
            for (JsonNode pod :
                    List.of(manifests.podSpec(), manifests.only("Pod").path("spec"))) {
                assertThat(pod.path("imagePullSecrets").toString())
                        .isEqualTo("[{\"name\":\"own\"},{\"name\":\"mirror\"},{\"name\":\"other\"}]");
            }
            assertThat(Chart.render().podSpec().has("imagePullSecrets")).isFalse();
        }
    }

    @Nested
    class Pods {

        @Test
        void haveWhatIsGivenToThem() {
            JsonNode deployment = EVERY.only("Deployment");
            assertThat(deployment.at("/metadata/annotations").toString())
                    .isEqualTo("{\"reloader.stakater.com/auto\":\"true\"}");
            assertThat(deployment.at("/spec/revisionHistoryLimit").intValue()).isEqualTo(5);
            assertThat(deployment.at("/spec/strategy"))
                    .isEqualTo(Chart.yaml("{type: RollingUpdate, rollingUpdate: {maxSurge: 25%, maxUnavailable: 0}}"));
            JsonNode pod = EVERY.podSpec();
            assertThat(pod.path("runtimeClassName").stringValue()).isEqualTo("gvisor");
            assertThat(pod.path("dnsPolicy").stringValue()).isEqualTo("ClusterFirst");
            assertThat(pod.at("/dnsConfig/options/0/name").stringValue()).isEqualTo("ndots");
            assertThat(pod.at("/hostAliases/0/ip").stringValue()).isEqualTo("10.1.2.3");
            assertThat(pod.at("/initContainers/0/name").stringValue()).isEqualTo("wait-for-a-sidecar");
            assertThat(elements(pod.path("containers")).stream()
                            .map(container -> container.path("name").stringValue()))
                    .containsExactly("gateway", "sidecar");
            assertThat(EVERY.container().path("lifecycle"))
                    .isEqualTo(Chart.yaml("{preStop: {sleep: {seconds: 10}}, postStart: {sleep: {seconds: 1}}}"));
        }

        @Test
        void haveNothingMoreByDefault() {
            JsonNode deployment = Chart.render().only("Deployment");
            assertThat(deployment.path("metadata").has("annotations")).isFalse();
            assertThat(deployment.at("/spec/revisionHistoryLimit").intValue()).isEqualTo(3);
            assertThat(deployment.at("/spec/template/spec").propertyNames())
                    .doesNotContain("runtimeClassName", "dnsPolicy", "dnsConfig", "hostAliases", "initContainers");
        }

        @Test
        void areSpreadByTheirOwnLabelsAndAlsoByTheirRevision() {
            JsonNode spreads = Chart.render("""
                            topologySpreadConstraints:
                              - topologyKey: a
                                maxSkew: 1
                                whenUnsatisfiable: DoNotSchedule
                                matchLabelKeys: [pod-template-hash]
                              - topologyKey: b
                                maxSkew: 2
                                whenUnsatisfiable: DoNotSchedule
                                labelSelector: {matchLabels: {c: d}}
                            """).podSpec().path("topologySpreadConstraints");
            assertThat(spreads.size()).isEqualTo(2);
            assertThat(spreads.at("/0/matchLabelKeys/0").stringValue()).isEqualTo("pod-template-hash");
            assertThat(spreads.at("/0/labelSelector/matchLabels"))
                    .as("without a selector, matchLabelKeys are refused by the API")
                    .isEqualTo(Chart.render().only("Deployment").at("/spec/selector/matchLabels"));
            assertThat(spreads.at("/1/labelSelector").toString()).isEqualTo("{\"matchLabels\":{\"c\":\"d\"}}");
        }
    }

    @Nested
    class Resources {

        @Test
        void ofOnesOwnAreTemplates() {
            assertThat(EVERY.named("ConfigMap", "cancel-gateway-extra")
                            .at("/data/key")
                            .stringValue())
                    .isEqualTo("value");
            EVERY.named("ConfigMap", "cancel-gateway-text");
        }

        @Test
        void ofTheNetworkHaveWhatIsGivenToThem() {
            JsonNode service = EVERY.named("Service", "cancel-gateway");
            assertThat(service.at("/metadata/labels/example.com~1exposed").stringValue())
                    .isEqualTo("true");
            assertThat(service.at("/spec/ipFamilyPolicy").stringValue()).isEqualTo("PreferDualStack");
            assertThat(service.at("/spec/ipFamilies").toString()).isEqualTo("[\"IPv6\",\"IPv4\"]");
            assertThat(service.at("/spec/externalTrafficPolicy").stringValue()).isEqualTo("Local");
            JsonNode plain = Chart.render().only("Service").path("spec");
            assertThat(plain.propertyNames()).doesNotContain("ipFamilyPolicy", "ipFamilies", "externalTrafficPolicy");

            JsonNode everyHost =
                    Chart.render(Chart.values("file")).only("Ingress").at("/spec/rules");
            assertThat(everyHost.size()).isEqualTo(1);
            assertThat(everyHost.at("/0").propertyNames()).containsExactly("http");
            assertThat(everyHost.at("/0/http/paths/0/path").stringValue()).isEqualTo("/");
        }

        @Test
        void ofMonitoringHaveWhatIsGivenToThem() {
            JsonNode monitor = EVERY.only("ServiceMonitor");
            assertThat(monitor.at("/metadata/namespace").stringValue()).isEqualTo("monitoring");
            assertThat(monitor.at("/metadata/annotations/example.com~1team").stringValue())
                    .isEqualTo("platform");
            assertThat(monitor.at("/spec/namespaceSelector/matchNames").toString())
                    .as("it looks beside itself otherwise")
                    .isEqualTo("[\"cancellations\"]");
            assertThat(monitor.at("/spec/endpoints/0/relabelings/0/targetLabel").stringValue())
                    .isEqualTo("node");
            assertThat(monitor.at("/spec/endpoints/0/metricRelabelings/0/action")
                            .stringValue())
                    .isEqualTo("drop");

            JsonNode plain = Chart.render("serviceMonitor: {enabled: true}").only("ServiceMonitor");
            assertThat(plain.path("metadata").propertyNames()).doesNotContain("namespace", "annotations");
            assertThat(plain.path("spec").propertyNames()).containsExactlyInAnyOrder("selector", "endpoints");
        }

        @ParameterizedTest
        @CsvSource({
            "'', cancel-gateway-management",
            "app.kubernetes.io/name, cancel-gateway",
            "example.com/job, ledger",
            "example.com/unknown, cancel-gateway-management",
        })
        void ofAlertsWatchTheJobOfTheLabel(String jobLabel, String job) {
            JsonNode rule = Chart.render("""
                            commonLabels: {example.com/job: ledger}
                            serviceMonitor: {enabled: true, jobLabel: '%s'}
                            prometheusRule: {enabled: true, runbookUrl: 'https://docs.example.com'}
                            """.formatted(jobLabel)).only("PrometheusRule");
            assertThat(rule.at("/spec/groups/0/rules/0/expr").stringValue()).contains("job=\"%s\"".formatted(job));
        }

        @Test
        void ofScalingHaveWhatIsGivenToThem() {
            assertThat(Chart.render(PRODUCTION, "replicaCount: null")
                            .only("Deployment")
                            .path("spec")
                            .has("replicas"))
                    .as("another autoscaler says it")
                    .isFalse();
            JsonNode scaler = EVERY.only("HorizontalPodAutoscaler").path("spec");
            assertThat(elements(scaler.path("metrics")).stream()
                            .map(metric -> metric.path("type").stringValue()))
                    .containsExactly("ContainerResource", "Pods");
            assertThat(scaler.at("/behavior/scaleDown/stabilizationWindowSeconds")
                            .intValue())
                    .isEqualTo(600);
            assertThat(Chart.render(PRODUCTION, """
                            autoscaling:
                              enabled: true
                              targetCPUUtilizationPercentage: ""
                              metrics:
                                - type: External
                                  external: {metric: {name: x}, target: {type: Value, value: 1}}
                            """)
                            .only("HorizontalPodAutoscaler")
                            .at("/spec/metrics")
                            .size())
                    .isEqualTo(1);
        }

        @Test
        void ofStorageHaveWhatIsGivenToThem() {
            JsonNode claim = Chart.render(Chart.values("file")).only("PersistentVolumeClaim");
            assertThat(claim.at("/metadata/labels/example.com~1backup").stringValue())
                    .isEqualTo("daily");
            assertThat(claim.at("/spec/selector/matchLabels").toString()).isEqualTo("{\"example.com/disk\":\"fast\"}");
        }
    }

    @Nested
    class TheWayOut {

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "                                                                               | [443]",
                    "gateway: {upstream: {baseUrl: 'https://api.example.com:8443/v1.3'}}            | [443,8443]",
                    "gateway: {upstream: {baseUrl: 'http://api.example.com/v1.3'}}                  | [443,80]",
                    "gateway: {upstream: {baseUrl: 'https://[fd00::1]:9443/v1.3'}}                  | [443,9443]",
                    "gateway: {upstream: {baseUrl: 'https://[fd00::1]/v1.3'}}                       | [443]",
                    "config: {gateway: {upstream: {base-url: 'http://simulator:8090/v1.3'}}}        | [443,8090]",
                    "extraEnv: [{name: GATEWAY_UPSTREAM_BASEURL, value: 'http://a:8090'}]           | [443,8090]",
                    "gateway: {upstream: {proxy: {host: p, port: 3128}}}                            | [443,3128]",
                    "config: {gateway.upstream.proxy: {host: p, port: 3128}}                        | [443,3128]",
                    "extraEnv: [{name: HTTPS_PROXY, value: 'http://u:x@p.example.com:3128'}]        | [443,3128]",
                    "extraEnv: [{name: https_proxy, value: 'p.example.com:3128'}]                   | [443,3128]",
                    "extraEnv: [{name: HTTPS_PROXY, value: 'http://p.example.com'}]                 | [443,80]",
                    "extraEnv: [{name: HTTP_PROXY, value: 'http://p.example.com:3128'}]             | [443]",
                    "{gateway: {upstream: {baseUrl: 'http://a'}}, extraEnv: [{name: HTTP_PROXY, value: 'p:3128'}]} "
                            + "| [443,80,3128]",
                })
        void isOpenToThePortOfTheUpstreamAndOfItsProxy(String values, String ports) {
            JsonNode policy = Chart.render(values == null ? "" : values).only("NetworkPolicy");
            KubernetesApi.decode(policy);
            List<Integer> open = new ArrayList<>();
            elements(policy.at("/spec/egress/1/ports"))
                    .forEach(port -> open.add(port.path("port").intValue()));
            assertThat(open.toString().replace(" ", "")).isEqualTo(ports);
        }

        @Test
        void goesByAProxyWhosePasswordIsAFile() {
            JsonNode upstream = EVERY.applicationYaml().at("/gateway/upstream");
            assertThat(upstream.path("base-url").stringValue()).isEqualTo("https://upstream.example.com:8443/v1.3");
            assertThat(upstream.path("proxy"))
                    .isEqualTo(Chart.yaml(
                            "{host: proxy.example.com, port: 3128, non-proxy-hosts: 'localhost,.internal'}"));
            assertThat(volume(EVERY, "proxy").at("/secret/items")).isEqualTo(Chart.yaml("""
                            - {key: username, path: gateway/upstream/proxy/username}
                            - {key: secret, path: gateway/upstream/proxy/password}
                            """));
        }

        @Test
        void trustsTheCasOfAConfigMapOrASecret() {
            assertThat(EVERY.applicationYaml()
                            .at("/gateway/upstream/ssl-bundle")
                            .stringValue())
                    .isEqualTo("upstream");
            assertThat(EVERY.applicationYaml()
                            .at("/spring/ssl/bundle/pem/upstream/truststore/certificate")
                            .stringValue())
                    .isEqualTo("/etc/cancel-gateway/ca/ca.crt");
            assertThat(volume(EVERY, "ca").path("configMap"))
                    .isEqualTo(Chart.yaml("{name: corporate-cas, items: [{key: trust-bundle.pem, path: ca.crt}]}"));
            Manifests operators = Chart.render(OPERATORS);
            assertThat(volume(operators, "ca").at("/secret/secretName").stringValue())
                    .isEqualTo("corporate-cas");
            assertThat(operators
                            .applicationYaml()
                            .at("/gateway/upstream/ssl-bundle")
                            .stringValue())
                    .isEqualTo("upstream");
            assertThat(Chart.render().applicationYaml().toString()).doesNotContain("ssl");
        }
    }

    @Nested
    class Tls {

        @Test
        void isOnThePortForCallersAndNotOnTheManagementPort() {
            assertThat(EVERY.applicationYaml().at("/server/ssl/bundle").stringValue())
                    .isEqualTo("server");
            assertThat(EVERY.applicationYaml().at("/spring/ssl/bundle/pem/server"))
                    .isEqualTo(Chart.yaml("""
                            reload-on-update: true
                            keystore:
                              certificate: /etc/cancel-gateway/tls/tls.crt
                              private-key: /etc/cancel-gateway/tls/tls.key
                            """));
            assertThat(volume(EVERY, "tls").at("/secret/secretName").stringValue())
                    .isEqualTo("cancel-gateway-tls");
            for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
                JsonNode get = EVERY.container().at("/" + probe + "/httpGet");
                assertThat(get.path("port").stringValue()).isEqualTo("management");
                assertThat(get.has("scheme")).isFalse();
            }
            assertThat(EVERY.only("ServiceMonitor").at("/spec/endpoints/0").has("scheme"))
                    .isFalse();
        }

        @Test
        void hasTheNameOfThePortSayWhatIsSpokenThere() {
            assertThat(EVERY.named("Service", "cancel-gateway")
                            .at("/spec/ports/0/name")
                            .stringValue())
                    .isEqualTo("https");
            assertThat(Chart.render().only("Service").at("/spec/ports/0/name").stringValue())
                    .isEqualTo("http");
            assertThat(Chart.notes("tls: {existingSecret: s}"))
                    .contains("curl -i -k -X POST", "https://localhost:8080/", "https://cancel-gateway.cancellations:");
        }
    }

    @Nested
    class KeysAndHashes {

        @Test
        void comeFromAnyVolume() {
            Manifests manifests = Chart.render(OPERATORS);
            assertThat(volume(manifests, "tenants").at("/csi/driver").stringValue())
                    .isEqualTo("secrets-store.csi.k8s.io");
            assertThat(volume(manifests, "callers").at("/projected/sources").size())
                    .isEqualTo(2);
            assertThat(variable(manifests, "GATEWAY_TENANTSDIR")).isEqualTo("/etc/cancel-gateway/tenants");
            assertThat(variable(manifests, "GATEWAY_CALLERSDIR")).isEqualTo("/etc/cancel-gateway/callers");
            assertThat(manifests.has("Secret")).isFalse();
            assertThat(Chart.notes(OPERATORS)).doesNotContain("Nobody gets in");
        }
    }

    @Nested
    class Database {

        @Test
        void isWhereTheSecretOfAnOperatorSays() {
            Manifests manifests = Chart.render(OPERATORS);
            assertThat(variable(manifests, "SPRING_DATASOURCE_URL"))
                    .isEqualTo("jdbc:postgresql://${database.host}:${database.port}/${database.name}");
            assertThat(volume(manifests, "database").at("/secret/items")).isEqualTo(Chart.yaml("""
                            - {key: host, path: database/host}
                            - {key: port, path: database/port}
                            - {key: dbname, path: database/name}
                            - {key: username, path: spring/datasource/username}
                            - {key: password, path: spring/datasource/password}
                            """));
            assertThat(manifests.has("PersistentVolumeClaim")).isFalse();
            assertThat(manifests.only("Deployment").at("/spec/strategy/type").stringValue())
                    .isEqualTo("RollingUpdate");
            assertThat(Chart.notes(OPERATORS)).doesNotContain("H2");
            assertThat(variable(
                            Chart.render("database: {existingSecret: s, hostKey: h, nameKey: n}"),
                            "SPRING_DATASOURCE_URL"))
                    .isEqualTo("jdbc:postgresql://${database.host}:5432/${database.name}");
        }

        @Test
        void isWhereTheAddressInTheSecretSays() {
            Manifests manifests = Chart.render("""
                    replicaCount: 2
                    database: {existingSecret: s, urlKey: jdbc-uri, usernameKey: "", passwordKey: ""}
                    networkPolicy: {databasePorts: [6432]}
                    """);
            assertThat(variable(manifests, "SPRING_DATASOURCE_URL")).isEmpty();
            assertThat(volume(manifests, "database").at("/secret/items"))
                    .isEqualTo(Chart.yaml("[{key: jdbc-uri, path: spring/datasource/url}]"));
            assertThat(manifests
                            .only("NetworkPolicy")
                            .at("/spec/egress/2/ports/0/port")
                            .intValue())
                    .isEqualTo(6432);
            assertThat(Chart.render(OPERATORS)
                            .only("NetworkPolicy")
                            .at("/spec/egress/2/ports/0/port")
                            .intValue())
                    .isEqualTo(5432);
        }

        @Test
        void isMigratedByAUserOfItsOwn() {
            assertThat(volume(EVERY, "migrations").path("secret")).isEqualTo(Chart.yaml("""
                            secretName: cancel-gateway-migrations
                            defaultMode: 288
                            items:
                              - {key: owner, path: spring/flyway/user}
                              - {key: password, path: spring/flyway/password}
                            """));
            assertThat(variable(EVERY, "SPRING_CONFIG_IMPORT")).contains("configtree:/etc/cancel-gateway/migrations/");
        }
    }
}
