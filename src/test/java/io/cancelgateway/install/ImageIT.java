package io.cancelgateway.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.ContainerConfig;
import io.cancelgateway.install.Chart.Manifests;
import io.cancelgateway.support.Http;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.Sha256;
import io.cancelgateway.support.TestRun;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.postgresql.PostgreSQLContainer;
import org.testcontainers.utility.DockerImageName;
import org.testcontainers.utility.MountableFile;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The image, started as the chart's Deployments say, against the simulator and PostgreSQL in containers. The image's
 * name comes from CANCEL_GATEWAY_IMAGE; with CANCEL_GATEWAY_DOCKER=required it is a failure to have none, or no Docker.
 */
class ImageIT {

    private static final String IMAGE = System.getenv("CANCEL_GATEWAY_IMAGE");
    private static final String KEY = "tlk_acme_1111";
    private static final String PASSWORD = "a password: with, all # sorts";
    private static final String TOKEN = "token-of-billing";
    private static final String VOLUME = "cancel-gateway-image-it-" + UUID.randomUUID();

    private static final Map<String, Map<String, String>> SECRETS = Map.of(
            "twelvelabs-keys", Map.of("acme", KEY + "\n"),
            "cancel-gateway-callers",
                    Map.of(
                            "billing",
                            Sha256.hex(TOKEN) + "\n",
                            "operations",
                            Sha256.hex("an-old-token") + "," + Sha256.hex("a-new-token")),
            "cancel-gateway-database", Map.of("username", "gateway\n", "password", PASSWORD + "\n"));
    private static final String UPSTREAM =
            "config: {gateway: {upstream: {base-url: 'http://simulator:%d/v1.3'}, follow-up: {initial-delay: 500ms}}}"
                    .formatted(SimulatorMain.API_PORT);

    private static Network network;
    private static GenericContainer<?> simulator;
    private static PostgreSQLContainer postgres;

    private GenericContainer<?> gateway;

    @BeforeAll
    static void startWhatTheGatewayNeeds() {
        needsDockerAndTheImage();
        network = Network.builder()
                .createNetworkCmdModifier(create -> create.withLabels(TestRun.LABELS))
                .build();
        postgres = new PostgreSQLContainer(DockerImageName.parse("postgres:18"))
                .withLabels(TestRun.LABELS)
                .withDatabaseName("cancellations")
                .withUsername("gateway")
                .withPassword(PASSWORD)
                .withNetwork(network)
                .withNetworkAliases("postgres");
        simulator = new GenericContainer<>(DockerImageName.parse(IMAGE))
                .withLabels(TestRun.LABELS)
                .withNetwork(network)
                .withNetworkAliases("simulator")
                .withCopyFileToContainer(
                        MountableFile.forHostPath(Path.of("target", "test-classes", "io")), "/simulator/io")
                // the image has the libraries that the simulator needs
                .withCreateContainerCmdModifier(create -> create.withEntrypoint(
                        "java", "-XX:+UseSerialGC", "-cp", "/simulator:/app/lib/*", SimulatorMain.class.getName()))
                .withExposedPorts(SimulatorMain.CONTROL_PORT)
                .waitingFor(Wait.forHttp("/ready").forPort(SimulatorMain.CONTROL_PORT));
        postgres.start();
        simulator.start();
    }

    static void needsDockerAndTheImage() {
        String missing = IMAGE == null || IMAGE.isBlank()
                ? "CANCEL_GATEWAY_IMAGE names no image"
                : DockerClientFactory.instance().isDockerAvailable() ? "" : "Docker is not available";
        if ("required".equals(System.getenv("CANCEL_GATEWAY_DOCKER")) && !missing.isEmpty()) {
            fail("CANCEL_GATEWAY_DOCKER=required, and " + missing);
        }
        assumeThat(missing).as(missing).isEmpty();
    }

    @AfterAll
    static void stopThem() {
        if (network != null) {
            simulator.stop();
            postgres.stop();
            network.close();
        }
    }

    @AfterEach
    void stopTheGateway() throws Exception {
        if (gateway != null) {
            gateway.stop();
        }
        assertThat(tell("/violations")).isEmpty();
    }

    @Test
    void theProductionDeploymentCancelsABatchAndFollowsItToItsEnd() throws Exception {
        RenderedPod pod = start(production());
        assertThat(get("management", "/actuator/health/readiness").status()).isEqualTo(200);
        assertThat(get("http", "/v1.3/analyze/batches/000000000000000000000000").status())
                .isEqualTo(401);

        String batch = tell("/batch?seconds=3&key=" + KEY);
        Reply accepted = cancel(batch).join();
        assertThat(accepted.status()).as(accepted.text()).isEqualTo(202);
        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            JsonNode record = get("http", "/v1/cancellations/" + batch).json();
            assertThat(record.path("state").stringValue()).isEqualTo("canceled");
            assertThat(record.at("/counts_final/canceled_items").intValue()).isEqualTo(70);
            assertThat(record.at("/counts_final/ready_items").intValue()).isEqualTo(3);
        });
        assertThat(get("management", "/actuator/prometheus").text())
                .contains("cancel_gateway_cancellations_total{application=\"cancel-gateway\","
                        + "outcome=\"accepted\",tenant=\"acme\"} 1.0")
                .contains("cancel_gateway_ledger_items{application=\"cancel-gateway\","
                        + "result=\"canceled\",tenant=\"acme\"} 70.0");

        for (String line : gateway.getLogs().lines().toList()) {
            JsonNode log = JsonMapper.shared().readTree(line);
            assertThat(log.at("/ecs/version").stringValue("")).as(line).isNotEmpty();
            assertThat(log.at("/service/name").stringValue()).isEqualTo("cancel-gateway");
        }
        assertThat(pod.port("management")).isEqualTo(8081);
        String commit =
                get("management", "/actuator/info").json().at("/git/commit/id").stringValue("unknown");
        assertThat(revision()).as("the build's argument REVISION").startsWith(commit);
        assertThat(inspect().getConfig().getEnv())
                .anyMatch(variable -> variable.startsWith("SPRING_DATASOURCE_URL="))
                .noneMatch(variable -> variable.contains(PASSWORD) || variable.contains(KEY));
    }

    @Test
    void eitherOfTwoTokensOfACallerIsTaken() throws Exception {
        start(production());
        for (String token : List.of("an-old-token", "a-new-token")) {
            assertThat(send("GET", "http", "/v1/cancellations", "x-api-key", token, "X-Tenant-Id", "acme")
                            .join()
                            .status())
                    .isEqualTo(200);
        }
    }

    @Test
    void aSlowCancelInFlightIsAnsweredAfterSigtermAndThePodEndsWithinItsGrace() throws Exception {
        RenderedPod pod = start(production());
        String batch = tell("/batch?seconds=3600&key=" + KEY);
        tell("/slow-cancel?millis=4000");
        int before = Integer.parseInt(tell("/cancels"));
        CompletableFuture<Reply> inFlight = cancel(batch);
        await().until(() -> Integer.parseInt(tell("/cancels")) == before + 1);

        DockerClient docker = gateway.getDockerClient();
        docker.killContainerCmd(gateway.getContainerId()).withSignal("TERM").exec();
        Instant told = Instant.now();
        assertThat(inFlight).isNotDone();
        assertThat(inFlight.join().status()).isEqualTo(202);
        await().atMost(pod.graceAfterPreStop()).until(() -> !running());

        assertThat(inspect().getState().getExitCodeLong()).isEqualTo(143);
        assertThat(Duration.between(told, Instant.now())).isGreaterThan(Duration.ofSeconds(2));
    }

    @Test
    void theDefaultDeploymentKeepsItsLedgerOnTheClaim() throws Exception {
        DockerClient docker = DockerClientFactory.instance().client();
        docker.createVolumeCmd().withName(VOLUME).withLabels(TestRun.LABELS).exec();
        try {
            Manifests manifests = Chart.render(Chart.values("demo"), """
                    tenants: {create: {acme: %s}}
                    callers: {create: {billing: %s}}
                    """.formatted(KEY, TOKEN), UPSTREAM);
            start(manifests);
            String batch = tell("/batch?seconds=3600&key=" + KEY);
            assertThat(cancel(batch).join().status()).isEqualTo(202);
            gateway.stop();

            start(manifests);
            JsonNode record = get("http", "/v1/cancellations/" + batch).json();
            assertThat(record.path("state").stringValue()).isEqualTo("canceling");
            assertThat(record.path("requested_by").stringValue()).isEqualTo("billing");
        } finally {
            gateway.stop();
            docker.removeVolumeCmd(VOLUME).exec();
        }
    }

    @Test
    void theTestPodOfTheChartFindsTheGateway() throws Exception {
        Manifests manifests = production();
        start(manifests);
        JsonNode container = manifests.only("Pod").at("/spec/containers/0");
        assertThat(container.path("command").toString()).isEqualTo("[\"sh\",\"-c\"]");
        String script = container.at("/args/0").stringValue();
        assertThat(script).contains("http://cancel-gateway:8080/");
        assertThat(exitCodeOf(script.replace("http://cancel-gateway:8080", address("http"))))
                .isZero();
        assertThat(exitCodeOf(script.replace("http://cancel-gateway:8080", control())))
                .as("where another answers")
                .isNotZero();
    }

    private static int exitCodeOf(String script) throws Exception {
        return new ProcessBuilder("sh", "-c", script)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    @Test
    void theJvmStartsFromTheAotCache() throws Exception {
        // with "on" instead of "auto" the JVM refuses to start where it cannot use the cache
        start(Chart.render(
                Chart.values("production"),
                DATABASE,
                UPSTREAM,
                "extraEnv: [{name: JAVA_TOOL_OPTIONS, value: '-XX:AOTMode=on -Xlog:aot=info -Xlog:class+load=info'}]"));
        List<String> log = gateway.getLogs().lines().toList();
        List<String> loaded =
                log.stream().filter(line -> line.contains("source: ")).toList();
        List<String> cached = loaded.stream()
                .filter(line -> line.contains("source: shared objects file"))
                .toList();
        assertThat(log)
                .anyMatch(line -> line.contains("Using AOT-linked classes: true"))
                .anyMatch(line -> line.matches(".*(Loaded|Mapped) heap +region.*"));
        assertThat(cached)
                .anyMatch(line -> line.contains(" io.cancelgateway.CancelGatewayApplication source"))
                .anyMatch(line -> line.contains(" org.springframework.web.servlet.DispatcherServlet source"));
        assertThat((double) cached.size() / loaded.size()).isGreaterThan(0.75);
    }

    private static String revision() {
        return image().getLabels().get("org.opencontainers.image.revision");
    }

    private static ContainerConfig image() {
        return DockerClientFactory.instance()
                .client()
                .inspectImageCmd(IMAGE)
                .exec()
                .getConfig();
    }

    @Test
    void theImageHasANumericUserLabelsAndNoShell() {
        ContainerConfig config = image();
        assertThat(config.getUser()).isEqualTo("65532:65532");
        assertThat(config.getLabels())
                .containsEntry("org.opencontainers.image.title", "Cancel Gateway")
                .containsKeys(
                        "org.opencontainers.image.description",
                        "org.opencontainers.image.version",
                        "org.opencontainers.image.revision",
                        "org.opencontainers.image.base.name");
        assertThat(config.getEntrypoint()).containsExactly("/app/launch");
        GenericContainer<?> shell = new GenericContainer<>(DockerImageName.parse(IMAGE))
                .withLabels(TestRun.LABELS)
                .withCreateContainerCmdModifier(create -> create.withEntrypoint("/bin/sh"));
        assertThatThrownBy(shell::start).hasStackTraceContaining("/bin/sh");
    }

    @Test
    void theProcessCannotReplaceWhatItRuns() throws Exception {
        DockerClient docker = DockerClientFactory.instance().client();
        String container = docker.createContainerCmd(IMAGE)
                .withLabels(TestRun.LABELS)
                .exec()
                .getId();
        Map<String, Long> owners = new TreeMap<>();
        try (TarArchiveInputStream tar = new TarArchiveInputStream(
                docker.copyArchiveFromContainerCmd(container, "/app").exec())) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                owners.put(entry.getName().replaceFirst("/$", ""), entry.getLongUserId());
                if (!entry.isSymbolicLink() && !entry.getName().startsWith("app/data")) {
                    assertThat(entry.getMode() & 0022).as(entry.getName()).isZero();
                }
            }
        } finally {
            docker.removeContainerCmd(container).exec();
        }
        assertThat(owners)
                .containsKeys(
                        "app", "app/launch", "app/cancel-gateway.jar", "app/cancel-gateway.aot", "app/java.options");
        assertThat(owners.remove("app/data")).isEqualTo(65532);
        assertThat(owners.values()).containsOnly(0L);
    }

    private static final String DATABASE = "database: {url: 'jdbc:postgresql://postgres:5432/cancellations'}";

    private static Manifests production() {
        return Chart.render(Chart.values("production"), DATABASE, UPSTREAM);
    }

    private RenderedPod start(Manifests manifests) {
        RenderedPod pod = new RenderedPod(manifests, SECRETS);
        gateway = pod.container(IMAGE, network, VOLUME);
        gateway.start();
        return pod;
    }

    private InspectContainerResponse inspect() {
        return gateway.getDockerClient()
                .inspectContainerCmd(gateway.getContainerId())
                .exec();
    }

    private boolean running() {
        return Boolean.TRUE.equals(inspect().getState().getRunning());
    }

    private CompletableFuture<Reply> cancel(String batch) {
        return send("POST", "http", "/v1.3/analyze/batches/" + batch + "/cancel", "Authorization", "Bearer " + TOKEN);
    }

    private Reply get(String port, String path) {
        return path.startsWith("/v1/")
                ? send("GET", port, path, "x-api-key", TOKEN).join()
                : send("GET", port, path).join();
    }

    private CompletableFuture<Reply> send(String method, String port, String path, String... headers) {
        return Http.sendAsync(method, address(port) + path, headers);
    }

    private String address(String port) {
        return "http://" + gateway.getHost() + ":" + gateway.getMappedPort(port.equals("http") ? 8080 : 8081);
    }

    private static String tell(String what) {
        return Http.send("GET", control() + what).text();
    }

    private static String control() {
        return "http://" + simulator.getHost() + ":" + simulator.getMappedPort(SimulatorMain.CONTROL_PORT);
    }
}
