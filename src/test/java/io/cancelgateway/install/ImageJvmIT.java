package io.cancelgateway.install;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.support.Http;
import io.cancelgateway.support.TestRun;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;
import org.testcontainers.utility.MountableFile;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The JVM of the image: what {@code launch.c} chooses for it, and what comes from outside. */
@Tag("long")
class ImageJvmIT {

    private static final long MIB = 1 << 20;

    @TempDir
    private Path directory;

    private GenericContainer<?> gateway;

    @BeforeAll
    static void needDockerAndTheImage() {
        ImageIT.needsDockerAndTheImage();
    }

    @AfterEach
    void stop() {
        if (gateway != null) {
            gateway.stop();
        }
    }

    /** With {@code AOTMode=on} the JVM does not start if it cannot use the cache. */
    @ParameterizedTest
    @CsvSource({
        "256, 1, 1, 64, UseSerialGC, 84",
        "1024, 1, 1, 64, UseSerialGC, 338",
        "1024, 2, 4, 240, UseSerialGC, 512",
        "2048, 2, 4, 240, UseG1GC, 1024",
        "0, 2, 4, 240, UseSerialGC, 512",
    })
    void compilersCollectorAndHeapFitTheContainerAndTheAotCacheIsUsed(
            long memory, long cpus, int lastTier, int codeCache, String collector, long heap) {
        start(memory, cpus, Map.of("JAVA_TOOL_OPTIONS", "-XX:AOTMode=on -XX:+PrintFlagsFinal -Xlog:aot=info"));

        String log = gateway.getLogs();
        assertThat(log).contains("Using AOT-linked classes: true");
        assertThat(flag(log, "TieredStopAtLevel")).isEqualTo(Integer.toString(lastTier));
        assertThat(flag(log, collector)).isEqualTo("true");
        assertThat(Long.parseLong(flag(log, "ReservedCodeCacheSize")) / MIB).isEqualTo(codeCache);
        assertThat(Long.parseLong(flag(log, "MaxHeapSize")) / MIB).isBetween(heap - 2, heap + 2);
    }

    private static String flag(String log, String name) {
        return log.lines()
                .map(String::strip)
                .filter(line -> line.matches("\\w+ " + name + " +=.*"))
                .map(line -> line.replaceFirst(".*= *", "").replaceFirst(" .*", ""))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void optionsFromTheEnvironmentWinAndTheLogStaysJson() throws Exception {
        start(
                512,
                1,
                Map.of(
                        "JAVA_TOOL_OPTIONS",
                        "-Xmx100m -Dmanagement.info.env.enabled=true -Dinfo.first=tool",
                        "JDK_JAVA_OPTIONS",
                        "-Xmx110m -Dinfo.first=jdk -Dinfo.quoted='two words' -XX:+UseParallelGC",
                        "_JAVA_OPTIONS",
                        "-Xmx120m"));

        JsonNode info = get("/actuator/info");
        assertThat(info.path("first").stringValue("")).isEqualTo("jdk");
        assertThat(info.path("quoted").stringValue("")).isEqualTo("two words");
        assertThat(Http.send("GET", management() + "/actuator/prometheus").text())
                .contains("jvm_memory_max_bytes{application=\"cancel-gateway\",area=\"heap\",id=\"PS Old Gen\"}");
        assertEveryLineIsJson();
    }

    @Test
    void anAgentCostsTheAotCacheAndIsSaidInOneLine() throws Exception {
        Path agent = agent();
        gateway = container(512, 1, Map.of("JAVA_TOOL_OPTIONS", " -javaagent:/agent/agent.jar"))
                .withCopyFileToContainer(MountableFile.forHostPath(agent, 0444), "/agent/agent.jar");
        gateway.start();

        assertThat(assertEveryLineIsJson())
                .filteredOn(line -> line.path("message").stringValue("").contains("agent"))
                .extracting(line -> line.path("message").stringValue(""))
                .containsExactly(
                        "An agent is loaded. The JVM does not use its AOT cache then: the start takes longer, and"
                                + " more memory.");
    }

    /** One that looks at each class, as those of OpenTelemetry and Datadog do, from the bootstrap class path. */
    private Path agent() throws Exception {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().putValue("Premain-Class", Agent.class.getName());
        manifest.getMainAttributes().putValue("Boot-Class-Path", "agent.jar");
        Path jar = directory.resolve("agent.jar");
        String entry = Agent.class.getName().replace('.', '/') + ".class";
        try (OutputStream out = Files.newOutputStream(jar);
                JarOutputStream classes = new JarOutputStream(out, manifest)) {
            classes.putNextEntry(new JarEntry(entry));
            classes.write(Files.readAllBytes(Path.of("target", "test-classes", entry)));
            classes.closeEntry();
        }
        return jar;
    }

    private List<JsonNode> assertEveryLineIsJson() {
        return gateway.getLogs()
                .lines()
                .map(line -> {
                    JsonNode log = JsonMapper.shared().readTree(line);
                    assertThat(log.at("/ecs/version").stringValue("")).as(line).isNotEmpty();
                    return log;
                })
                .toList();
    }

    private JsonNode get(String path) {
        return Http.send("GET", management() + path).json();
    }

    private String management() {
        return "http://" + gateway.getHost() + ":" + gateway.getMappedPort(8081);
    }

    private void start(long memory, long cpus, Map<String, String> environment) {
        gateway = container(memory, cpus, environment);
        gateway.start();
    }

    /** @param memory in MiB; 0 for no limit */
    private static GenericContainer<?> container(long memory, long cpus, Map<String, String> environment) {
        return new GenericContainer<>(DockerImageName.parse(System.getenv("CANCEL_GATEWAY_IMAGE")))
                .withLabels(TestRun.LABELS)
                .withEnv(environment)
                .withExposedPorts(8081)
                .withCreateContainerCmdModifier(create -> create.getHostConfig()
                        .withMemory(memory * MIB)
                        .withMemorySwap(memory * MIB)
                        .withNanoCPUs(cpus * 1_000_000_000L))
                .waitingFor(Wait.forHttp("/actuator/health/readiness")
                        .forPort(8081)
                        .withStartupTimeout(Duration.ofSeconds(90)));
    }
}
