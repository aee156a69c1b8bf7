package io.cancelgateway.install;

import static io.cancelgateway.install.Chart.elements;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What the chart refuses because the rest of it would no longer fit, and what it then says. */
class ChartGuardTests {

    private static final String PRODUCTION = Chart.values("production");

    private static void refused(String sentence, String... values) {
        assertThatThrownBy(() -> Chart.render(values)).hasMessageContaining(sentence);
    }

    @Nested
    class NetworkPeers {

        @ParameterizedTest
        @ValueSource(strings = {"clients", "monitoring"})
        void thatAreNullAreRefusedAndNeverEverybody(String name) {
            refused(
                    "networkPolicy." + name + " must be a list of peers: [] lets nobody in",
                    "networkPolicy: {" + name + ": null}");
        }

        @Test
        void mayBeNobody() {
            JsonNode policy =
                    Chart.render("networkPolicy: {monitoring: [], clients: []}").only("NetworkPolicy");
            KubernetesApi.decode(policy);
            List<JsonNode> rules = elements(policy.at("/spec/ingress"));
            assertThat(rules).hasSize(1);
            assertThat(rules.getFirst().at("/ports/0/port").stringValue()).isEqualTo("http");
            assertThat(elements(rules.getFirst().path("from"))).hasSize(1);
            assertThat(rules.getFirst()
                            .at("/from/0/podSelector/matchLabels/app.kubernetes.io~1component")
                            .stringValue())
                    .isEqualTo("test");
            assertThat(policy.at("/spec/policyTypes").toString())
                    .as("without a rule nobody gets in")
                    .contains("Ingress");
            assertThat(Chart.notes("networkPolicy: {monitoring: [], clients: []}"))
                    .contains("No pod can call it", "The management port is open to nobody.");
        }
    }

    @Nested
    class Settings {

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "SERVER_PORT                                | Use service.port",
                    "SERVER_ADDRESS                             | Leave it as it is",
                    "SERVER_SHUTDOWN                            | Leave it as it is",
                    "SERVER_SERVLET_CONTEXTPATH                 | Leave it as it is",
                    "SERVER_SERVLET_CONTEXT_PATH                | Leave it as it is",
                    "SPRING_MVC_SERVLET_PATH                    | Leave it as it is",
                    "SERVER_SSL_BUNDLE                          | Use tls.existingSecret",
                    "MANAGEMENT_SERVER_PORT                     | the management port is fixed",
                    "MANAGEMENT_SERVER_SSL_BUNDLE               | the management port is fixed",
                    "management.server.port                     | the management port is fixed",
                    "Management_Server_Port                     | the management port is fixed",
                    "MANAGEMENT_ENDPOINTS_WEB_BASEPATH          | the probes and Prometheus ask at fixed paths",
                    "MANAGEMENT_ENDPOINTS_WEB_BASE_PATH         | the probes and Prometheus ask at fixed paths",
                    "MANAGEMENT_ENDPOINT_HEALTH_PROBES_ENABLED  | the probes and Prometheus ask at fixed paths",
                    "GATEWAY_UPSTREAM_DEADLINE                  | Use gateway.deadlineSeconds",
                    "GATEWAY_WAIT_MAX                           | Use gateway.waitMaxSeconds",
                    "SPRING_LIFECYCLE_TIMEOUTPERSHUTDOWNPHASE   | Use gateway.deadlineSeconds",
                    "SPRING_LIFECYCLE_TIMEOUT_PER_SHUTDOWN_PHASE | Use gateway.deadlineSeconds",
                    "DB_SCHEDULER_SHUTDOWN_MAX_WAIT             | Use gateway.deadlineSeconds",
                    "SPRING_DATASOURCE_URL                      | Use database.url",
                    "SPRING_DATASOURCE_USERNAME                 | Use database.existingSecret",
                    "SPRING_DATASOURCE_PASSWORD                 | Use database.existingSecret",
                    "SPRING_DATASOURCE_HIKARI_PASSWORD          | Use database.existingSecret",
                    "SPRING_FLYWAY_PASSWORD                     | Use database.migrations.existingSecret",
                    "GATEWAY_TENANTSDIR                         | Use tenants.existingSecret",
                    "GATEWAY_TENANTS_ACME_APIKEY                | Use tenants.existingSecret",
                    "GATEWAY_CALLERSDIR                         | Use callers.existingSecret",
                    "SPRING_CONFIG_LOCATION                     | Use config",
                    "SPRING_CONFIG_ADDITIONALLOCATION           | Use config",
                    "SPRING_APPLICATION_JSON                    | Use config",
                })
        void doNotComeByTheWayOfAVariable(String name, String instead) {
            refused("extraEnv must not set " + name, "extraEnv: [{name: %s, value: x}]".formatted(name));
            assertThatThrownBy(() -> Chart.render("""
                            extraEnv: [{name: %s, valueFrom: {secretKeyRef: {name: a, key: b}}}]
                            """.formatted(name)))
                    .hasMessageContaining("extraEnv must not set " + name)
                    .hasMessageContaining(instead);
        }

        @ParameterizedTest
        @ValueSource(strings = {"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"})
        void doNotComeAsAPropertyOfTheJvm(String name) {
            refused(
                    "extraEnv must not set -Dserver.port",
                    "extraEnv: [{name: %s, value: '-Xss1m -Dserver.port=9090'}]".formatted(name));
            assertThat(Chart.render("extraEnv: [{name: %s, value: '-Xss1m -Dfile.encoding=UTF-8'}]".formatted(name))
                            .container()
                            .path("env")
                            .toString())
                    .contains("-Dfile.encoding");
        }

        @Test
        void doNotComeAsAnOptionOfTheJvm() {
            refused("jvm.options must not set -Dserver.port=9090", "jvm: {options: [-Xss1m, -Dserver.port=9090]}");
            refused(
                    "jvm.options and JDK_JAVA_OPTIONS in extraEnv exclude each other",
                    "{jvm: {options: [-Xss1m]}, extraEnv: [{name: JDK_JAVA_OPTIONS, value: -Xss2m}]}");
            assertThat(Chart.render("jvm: {options: [-Xss1m, -Dfile.encoding=UTF-8]}")
                            .container()
                            .path("env")
                            .toString())
                    .contains("{\"name\":\"JDK_JAVA_OPTIONS\",\"value\":\"-Xss1m -Dfile.encoding=UTF-8\"}");
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "{management: {endpoints: {web: {base-path: /manage}}}}    | management.endpoints",
                    "{management.endpoints.web.exposure.include: info}         | management.endpoints",
                    "{management: {endpoint: {health: {probes: {enabled: false}}}}} "
                            + "| management.endpoint.health.probes",
                    "{management.endpoint.health.group.readiness.include: ledger} | management.endpoint.health.group",
                    "{management.endpoint.prometheus.access: none}             | management.endpoint.prometheus.access",
                    "{server: {shutdown: immediate}}                           | server.shutdown",
                    "{server: {servlet: {context-path: /gateway}}}             | server.servlet.context-path",
                    "{server: {servlet: {contextPath: /gateway}}}              | server.servlet.context-path",
                    "{server: {ssl: {bundle: x}}}                              | server.ssl.bundle",
                    "{'server[port]': 9090}                                    | server.port",
                    "{spring: {datasource: {hikari: {password: x}}}}           | spring.datasource.hikari.password",
                    "{spring.flyway.password: x}                               | spring.flyway.password",
                    "{gateway: {upstream: {proxy: {password: x}}}}             | gateway.upstream.proxy.password",
                })
        void doNotComeByTheWayOfConfig(String config, String name) {
            refused("config must not set " + name + ": ", "config: " + config);
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "config: {management: {endpoint: {health: {show-details: always}}}}",
                    "config: {management: {endpoint: {shutdown: {access: none}}}}",
                    "config: {server: {ssl: {client-auth: need}}}",
                    "config: {spring: {flyway: {url: 'jdbc:postgresql://db:5432/x'}}}",
                    "extraEnv: [{name: GATEWAY_UPSTREAM_PROXY_PASSWORD, value: x}]",
                    "extraEnv: [{name: SERVER_TOMCAT_MAXCONNECTIONS, value: '10'}]",
                    "extraEnv: [{name: GATEWAY_WAIT, value: x}]",
                    "extraEnvFrom: [{prefix: GATEWAY_UPSTREAM_PROXY_, secretRef: {name: a}}]",
                })
        void areFreeWhereNothingDependsOnThem(String values) {
            assertThat(Chart.render(values).has("Deployment")).isTrue();
        }

        @ParameterizedTest
        @CsvSource({
            "SPRING_DATASOURCE_, Use database.existingSecret",
            "spring.flyway., Use database.existingSecret",
            "MANAGEMENT_SERVER_, the management port is fixed",
            "GATEWAY_TENANTS_, Use tenants.existingSecret",
        })
        void doNotComeFromElsewhereByTheirPrefix(String prefix, String instead) {
            String values = "extraEnvFrom: [{prefix: %s, secretRef: {name: a}}]".formatted(prefix);
            refused("extraEnvFrom must not have the prefix " + prefix, values);
            refused(instead, values);
        }

        /** A container's own variables win over those of {@code envFrom}, whose names the chart does not know. */
        @Test
        void comeOnceMoreWhereVariablesComeFromElsewhere() {
            JsonNode container = Chart.render("extraEnvFrom: [{configMapRef: {name: anything}}]", """
                            gateway: {deadlineSeconds: 20, waitMaxSeconds: 30}
                            """)
                    .container();
            assertThat(elements(container.path("env")))
                    .contains(
                            variable("SERVER_PORT", "8080"),
                            variable("SERVER_SHUTDOWN", "graceful"),
                            variable("MANAGEMENT_SERVER_PORT", "8081"),
                            variable("MANAGEMENT_ENDPOINTS_WEB_BASEPATH", "/actuator"),
                            variable("MANAGEMENT_ENDPOINT_HEALTH_PROBES_ENABLED", "true"),
                            variable("GATEWAY_UPSTREAM_DEADLINE", "20s"),
                            variable("GATEWAY_WAIT_MAX", "30s"),
                            variable("SPRING_LIFECYCLE_TIMEOUTPERSHUTDOWNPHASE", "40s"));
            assertThat(Chart.render().container().path("env").toString()).doesNotContain("SERVER_PORT");
        }

        private JsonNode variable(String name, String value) {
            return Chart.yaml("{name: %s, value: '%s'}".formatted(name, value));
        }
    }

    @Nested
    class Database {

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "jdbc:postgresql://db/x?user=u&password=p",
                    "jdbc:postgresql://db/x?PASSWORD=p&user=u",
                    "jdbc:postgresql://db/x?sslkey=k&sslpassword=p&user=u",
                    "jdbc:postgresql://user:secret@db/x",
                    "jdbc:postgresql://secret@db/x?user=u",
                })
        void addressHasNoPasswordInIt(String url) {
            refused(
                    "database.url must not have a password in it",
                    "database: {existingSecret: s, url: '%s'}".formatted(url));
            refused(
                    "spring.flyway.url must not have a password in it",
                    PRODUCTION,
                    "config: {spring: {flyway: {url: '%s'}}}".formatted(url));
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "{url: 'jdbc:postgresql://db/x', urlKey: a, existingSecret: s} "
                            + "| database.url and database.urlKey exclude each other",
                    "{urlKey: a, hostKey: b, nameKey: c, existingSecret: s} "
                            + "| database.urlKey and database.hostKey exclude each other",
                    "{urlKey: jdbc-uri} | database.urlKey needs database.existingSecret",
                    "{hostKey: a, nameKey: b, create: {username: u, password: p}} "
                            + "| database.hostKey needs database.existingSecret",
                    "{hostKey: host, existingSecret: s} | database.hostKey needs database.nameKey",
                    "{url: 'jdbc:postgresql://db/x', nameKey: n, existingSecret: s} "
                            + "| database.portKey and database.nameKey need database.hostKey",
                    "{urlKey: uri, existingSecret: s} | Use the key with the address for Java (jdbc-uri)",
                    "{url: 'jdbc:postgresql://db/x', usernameKey: '', create: {username: u, password: p}} "
                            + "| database.create needs database.usernameKey",
                    "{migrations: {existingSecret: s}} | need database.url, or database.urlKey or database.hostKey",
                })
        void addressComesFromOnePlace(String database, String sentence) {
            refused(sentence, "database: " + database);
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "replicaCount: 4 | 5 pods, those of a rollout included, may take 100 connections",
                    "autoscaling: {enabled: true, maxReplicas: 5} | Lower autoscaling.maxReplicas",
                    "{replicaCount: 3, strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 2}}} | 5 pods",
                    "{replicaCount: 3, strategy: {rollingUpdate: {maxSurge: 40%, maxUnavailable: 1}}} | 5 pods",
                    "{replicaCount: 2, config: {spring.datasource.hikari: {maximum-pool-size: 40}}} | 120 connections",
                    "{extraEnv: [{name: SPRING_DATASOURCE_HIKARI_MAXIMUMPOOLSIZE, value: '40'}]} | 120 connections",
                    "database: {maxConnections: 60} | leaves 57",
                })
        void hasRoomForThePoolsOfAllPods(String values, String sentence) {
            refused(sentence, PRODUCTION, values);
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "replicaCount: 3",
                    "autoscaling: {enabled: true}",
                    "{replicaCount: 4, strategy: {type: Recreate}}",
                    "{replicaCount: 8, config: {spring.datasource.hikari: {maximum-pool-size: 10}}}",
                    "{replicaCount: 9, database: {maxConnections: 300}}",
                    "{replicaCount: 50, database: {maxConnections: 0}}",
                    "replicaCount: 0",
                })
        void hasRoomFor(String values) {
            assertThat(Chart.render(PRODUCTION, values).has("Deployment")).isTrue();
        }

        @Test
        void poolIsAsLargeAsTheApplicationsOwnDefault() {
            assertThat(Chart.yaml(Chart.read(Path.of("src", "main", "resources", "application.yaml")))
                            .at("/spring/datasource/hikari/maximum-pool-size")
                            .intValue())
                    .isEqualTo(20);
        }

        @Test
        void inAFileIsNotOpenInTwoPods() {
            refused("strategy must be {type: Recreate} without database.url", "strategy: {type: RollingUpdate}");
            refused("strategy must be {type: Recreate}", "strategy: {rollingUpdate: {maxSurge: 1}}");
            assertThat(Chart.render("strategy: {type: Recreate}")
                            .only("Deployment")
                            .at("/spec/strategy/type")
                            .stringValue())
                    .isEqualTo("Recreate");
        }
    }

    @Nested
    class Scaling {

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "{resources: null, autoscaling: {enabled: true}} | needs resources.requests.cpu",
                    "{resources: {requests: {cpu: null}, limits: {cpu: null}}, autoscaling: {enabled: true}} "
                            + "| needs resources.requests.cpu",
                    "{resources: {requests: {cpu: 500m}}, autoscaling: {enabled: true}} "
                            + "| 350 % of the request of 500m is 1750m, which a pod with a limit of 1 never goes",
                    "autoscaling: {enabled: true, targetCPUUtilizationPercentage: ''} | something to scale by",
                    "{autoscaling: {enabled: true, metrics: [{type: Resource, resource: {name: memory}}]}} "
                            + "| must not have a target for memory",
                    "{autoscaling: {enabled: true, metrics: [{type: ContainerResource, containerResource: "
                            + "{name: memory, container: gateway}}]}} | must not have a target for memory",
                    "autoscaling: {targetMemoryUtilizationPercentage: 80} | a JVM gives no memory back",
                })
        void needsSomethingThatTellsTheLoad(String values, String sentence) {
            refused(sentence, PRODUCTION, values);
        }

        @Test
        void isBySevenTenthsOfACpuByDefault() {
            JsonNode scaler = Chart.render(PRODUCTION, "autoscaling: {enabled: true}")
                    .only("HorizontalPodAutoscaler")
                    .path("spec");
            assertThat(scaler.path("metrics")).isEqualTo(Chart.yaml("""
                            - type: ContainerResource
                              containerResource:
                                name: cpu
                                container: gateway
                                target: {type: Utilization, averageUtilization: 350}
                            """));
            assertThat(scaler.path("minReplicas").intValue()).isEqualTo(2);
            assertThat(scaler.path("maxReplicas").intValue()).isEqualTo(3);
            assertThat(Chart.render().container().at("/resources/requests/cpu").stringValue())
                    .isEqualTo("200m");
        }

        @Test
        void takesALimitForTheRequestAsKubernetesDoes() {
            assertThat(Chart.render(PRODUCTION, """
                            resources: {requests: {cpu: null}, limits: {cpu: 2}}
                            autoscaling: {enabled: true, targetCPUUtilizationPercentage: 70}
                            """).has("HorizontalPodAutoscaler"))
                    .isTrue();
        }
    }

    @Nested
    class Disruptions {

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "podDisruptionBudget: {minAvailable: 1} | 1 of 1 pods would stop every drain",
                    "podDisruptionBudget: {minAvailable: 1} | or more pods, which need PostgreSQL",
                    "podDisruptionBudget: {minAvailable: 1%} | 1% of 1 pods",
                    "podDisruptionBudget: {minAvailable: 100%} | 100% of 1 pods",
                    "podDisruptionBudget: {maxUnavailable: null} | needs maxUnavailable or minAvailable",
                })
        void ofOnePodAreNotForbidden(String values, String sentence) {
            refused(sentence, values);
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "podDisruptionBudget: {minAvailable: 2} | 2 of 2 pods",
                    "podDisruptionBudget: {minAvailable: 3} | 3 of 2 pods",
                    "podDisruptionBudget: {minAvailable: 51%} | 51% of 2 pods",
                    "{podDisruptionBudget: {minAvailable: 2}, autoscaling: {enabled: true}} | 2 of 2 pods",
                })
        void ofSeveralPodsAreNotForbidden(String values, String sentence) {
            refused(sentence, PRODUCTION, values);
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "podDisruptionBudget: {minAvailable: 1}",
                    "podDisruptionBudget: {minAvailable: 50%}",
                    "{podDisruptionBudget: {minAvailable: 2}, autoscaling: {enabled: true, minReplicas: 3}}",
                    "{podDisruptionBudget: {minAvailable: 1}, replicaCount: 0}",
                    "{podDisruptionBudget: {minAvailable: 2, enabled: false}}",
                })
        void areLimited(String values) {
            assertThat(Chart.render(PRODUCTION, values).has("Deployment")).isTrue();
        }
    }

    @Nested
    class Ways {

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "ingress: {enabled: true, hosts: []} | ingress.hosts must have an entry",
                    "extraVolumes: [{name: tls, emptyDir: {}}] | extraVolumes must not have the name tls",
                    "extraContainers: [{name: gateway}] | extraContainers must not have the name gateway",
                    "initContainers: [{name: gateway}] | initContainers must not have the name gateway",
                    "service: {nodePort: 30080} | need service.type NodePort or LoadBalancer",
                    "service: {externalTrafficPolicy: Local} | need service.type NodePort or LoadBalancer",
                    "service: {type: NodePort, loadBalancerSourceRanges: [10.0.0.0/8]} "
                            + "| service.loadBalancerSourceRanges needs service.type LoadBalancer",
                    "gateway: {upstream: {proxy: {host: proxy}}} | needs gateway.upstream.proxy.port",
                    "gateway: {upstream: {proxy: {port: 3128}}} | gateway.upstream.proxy needs a host",
                    "gateway: {upstream: {proxy: {existingSecret: s}}} | gateway.upstream.proxy needs a host",
                    "caBundle: {existingSecret: a, existingConfigMap: b} | exclude each other",
                    "tenants: {existingSecret: a, existingVolume: {emptyDir: {}}} "
                            + "| tenants.existingSecret and tenants.existingVolume exclude each other",
                    "callers: {existingVolume: {emptyDir: {}}, create: {a: t}, access: {a: {tenants: [x]}}} "
                            + "| callers.existingVolume and callers.create exclude each other",
                    "{image: {repository: registry.example.com/x}, global: {imageRegistry: mirror.example.com}} "
                            + "| Put the registry into image.registry",
                    "image: {repository: 'localhost:5000/x', registry: mirror.example.com} "
                            + "| Put the registry into image.registry",
                })
        void thatLeadNowhereAreRefused(String values, String sentence) {
            refused(sentence, values);
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "networkPolicy: {clients: [{ipBlock: {}}]}",
                    "service: {ipFamilyPolicy: DualStack}",
                    "service: {ipFamilies: [IPv4, IPv4]}",
                    "service: {externalTrafficPolicy: Node}",
                    "gateway: {upstream: {baseUrl: 'api.example.com'}}",
                    "gateway: {upstream: {baseUrl: 'https://user:secret@api.example.com'}}",
                    "gateway: {upstream: {proxy: {host: 'http://proxy:3128'}}}",
                    "gateway: {upstream: {proxy: {host: proxy, port: 0}}}",
                    "tenants: {existingVolume: {csi: {}, secret: {}}}",
                    "tenants: {existingVolume: {name: keys}}",
                    "tls: {certificateKey: ''}",
                    "caBundle: {key: 'a/b'}",
                    "database: {maxConnections: many}",
                    "database: {urlKey: 'a b'}",
                    "strategy: {type: BlueGreen}",
                    "strategy: {rollingUpdate: {maxSurge: one}}",
                    "revisionHistoryLimit: -1",
                    "extraContainers: [{image: x}]",
                    "initContainers: {a: b}",
                    "extraObjects: [1]",
                    "autoscaling: {metrics: [{resource: {name: cpu}}]}",
                    "autoscaling: {behavior: {up: {}}}",
                    "commonLabels: {a: 1}",
                    "dnsPolicy: Cluster",
                    "image: {registry: 'https://registry.example.com'}",
                    "image: null",
                    "gateway: null",
                    "networkPolicy: {databasePorts: [postgres]}",
                    "serviceMonitor: {relabelings: {a: b}}",
                    "persistence: {selector: {labels: {a: b}}}",
                })
        void thatAreMalformedAreRefusedByTheSchema(String values) {
            refused("don't meet the specifications", values);
        }
    }

    /** Names that other charts have. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "replicas: 2                                  | replicaCount",
                "labels: {a: b}                               | commonLabels, or podLabels",
                "annotations: {a: b}                          | deploymentAnnotations, or podAnnotations",
                "env: []                                      | extraEnv",
                "sidecars: []                                 | extraContainers",
                "extraDeploy: []                              | extraObjects",
                "hpa: {enabled: true}                         | autoscaling",
                "pdb: {enabled: true}                         | podDisruptionBudget",
                "containerSecurityContext: {}                 | securityContext",
                "terminationGracePeriodSeconds: 90            | shutdown and gateway.deadlineSeconds",
                "postgresql: {enabled: true}                  | database",
                "image: {name: x}                             | image.repository",
                "tenants: {secretName: x}                     | tenants.existingSecret",
                "callers: {tokens: {a: b}}                    | callers.existingSecret or callers.create",
                "database: {host: db}                         | database.url, or database.hostKey",
                "database: {password: x}                      | database.existingSecret",
                "persistence: {storageClassName: x}           | persistence.storageClass",
                "gateway: {deadline: 15s}                     | gateway.deadlineSeconds",
                "gateway: {baseUrl: 'https://x'}              | gateway.upstream.baseUrl",
                "gateway: {upstream: {url: 'https://x'}}      | gateway.upstream.baseUrl",
                "gateway: {upstream: {proxy: {password: x}}}  | gateway.upstream.proxy.existingSecret",
                "tls: {secretName: x}                         | tls.existingSecret",
                "caBundle: {secretName: x}                    | caBundle.existingSecret",
                "lifecycle: {preStop: {sleep: {seconds: 9}}}  | shutdown.preStopSeconds",
                "service: {targetPort: 8080}                  | service.port",
                "ingress: {ingressClassName: nginx}           | ingress.className",
                "autoscaling: {min: 2}                        | autoscaling.minReplicas",
                "serviceMonitor: {additionalLabels: {a: b}}   | serviceMonitor.labels",
                "networkPolicy: {egress: []}                  | networkPolicy.extraEgress",
            })
    void aRefusedNameNamesTheOneThatWasMeant(String values, String meant) {
        refused("not a value of this chart: use " + meant, values);
    }
}
