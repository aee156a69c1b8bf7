package io.cancelgateway.install;

import static io.cancelgateway.install.Chart.elements;

import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.HostConfig;
import io.cancelgateway.install.Chart.Manifests;
import io.cancelgateway.support.TestRun;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;
import tools.jackson.databind.JsonNode;

/**
 * The container that a rendered Deployment describes, in Docker: its command, environment, mounts, limits and security
 * context, with files laid out as the kubelet does.
 */
final class RenderedPod {

    private final Manifests manifests;
    private final Map<String, Map<String, String>> secrets = new HashMap<>();
    private final Path files;

    /** @param existingSecrets name → key → value, of those that the chart does not create */
    RenderedPod(Manifests manifests, Map<String, Map<String, String>> existingSecrets) {
        this.manifests = manifests;
        secrets.putAll(existingSecrets);
        for (JsonNode secret : manifests.kinds("Secret")) {
            Map<String, String> content = new HashMap<>();
            secret.path("data")
                    .propertyStream()
                    .forEach(entry -> content.put(
                            entry.getKey(),
                            new String(
                                    Base64.getDecoder().decode(entry.getValue().stringValue()),
                                    StandardCharsets.UTF_8)));
            secrets.put(secret.at("/metadata/name").stringValue(), content);
        }
        try {
            files = Files.createTempDirectory(Files.createDirectories(Path.of("target", "pods")), "pod");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * What the kubelet would start, not started yet.
     *
     * @param claim the Docker volume that stands for the PersistentVolumeClaim
     */
    GenericContainer<?> container(String image, Network network, String claim) {
        JsonNode container = manifests.container();
        if (container.has("command") || container.has("args")) {
            throw new IllegalStateException("The image's own command is meant to run");
        }
        JsonNode probe = container.at("/startupProbe");
        GenericContainer<?> pod = new GenericContainer<>(DockerImageName.parse(image))
                .withLabels(TestRun.LABELS)
                .withNetwork(network)
                .withEnv(environment(container))
                .withExposedPorts(port("http"), port("management"))
                .waitingFor(Wait.forHttp(probe.at("/httpGet/path").stringValue())
                        .forPort(port(probe.at("/httpGet/port").stringValue()))
                        .withStartupTimeout(
                                Duration.ofSeconds(probe.path("periodSeconds").longValue()
                                        * probe.path("failureThreshold").longValue())));
        pod.withCreateContainerCmdModifier(create -> {
            HostConfig host = create.getHostConfig();
            restrict(host, container);
            mount(host, container, claim);
            JsonNode user = manifests.podSpec().path("securityContext");
            create.withUser(user.path("runAsUser").intValue() + ":"
                    + user.path("runAsGroup").intValue());
        });
        return pod;
    }

    int port(String name) {
        return elements(manifests.container().path("ports")).stream()
                .filter(port -> port.path("name").stringValue().equals(name))
                .findFirst()
                .orElseThrow()
                .path("containerPort")
                .intValue();
    }

    /** From SIGTERM to SIGKILL. */
    Duration graceAfterPreStop() {
        return Duration.ofSeconds(manifests
                        .podSpec()
                        .path("terminationGracePeriodSeconds")
                        .longValue()
                - manifests.container().at("/lifecycle/preStop/sleep/seconds").longValue());
    }

    private Map<String, String> environment(JsonNode container) {
        Map<String, String> environment = new HashMap<>();
        for (JsonNode variable : elements(container.path("env"))) {
            environment.put(
                    variable.path("name").stringValue(), variable.path("value").stringValue());
        }
        return environment;
    }

    private Map<String, String> secret(String name) {
        if (!secrets.containsKey(name)) {
            throw new IllegalStateException("No Secret " + name + " is created or given");
        }
        return secrets.get(name);
    }

    private void restrict(HostConfig host, JsonNode container) {
        JsonNode context = container.path("securityContext");
        host.withReadonlyRootfs(context.path("readOnlyRootFilesystem").booleanValue());
        if (!context.path("allowPrivilegeEscalation").booleanValue()) {
            host.withSecurityOpts(List.of("no-new-privileges"));
        }
        host.withCapDrop(elements(context.at("/capabilities/drop")).stream()
                .map(capability -> Capability.valueOf(capability.stringValue()))
                .toArray(Capability[]::new));
        host.withGroupAdd(List.of(Integer.toString(
                manifests.podSpec().at("/securityContext/fsGroup").intValue())));
        JsonNode limits = container.at("/resources/limits");
        long memory = mebibytes(limits.path("memory").stringValue());
        host.withMemory(memory).withMemorySwap(memory);
        host.withNanoCPUs(Long.parseLong(limits.path("cpu").stringValue()) * 1_000_000_000L);
    }

    private static long mebibytes(String quantity) {
        if (!quantity.endsWith("Mi")) {
            throw new IllegalArgumentException(quantity);
        }
        return Long.parseLong(quantity.substring(0, quantity.length() - 2)) * 1024 * 1024;
    }

    private void mount(HostConfig host, JsonNode container, String claim) {
        List<Bind> binds = new ArrayList<>();
        Map<String, String> memory = new HashMap<>();
        for (JsonNode mount : elements(container.path("volumeMounts"))) {
            String name = mount.path("name").stringValue();
            String path = mount.path("mountPath").stringValue();
            JsonNode volume = elements(manifests.podSpec().path("volumes")).stream()
                    .filter(candidate -> candidate.path("name").stringValue().equals(name))
                    .findFirst()
                    .orElseThrow();
            if (volume.has("emptyDir")) {
                memory.put(
                        path,
                        "rw,exec,size="
                                + mebibytes(volume.at("/emptyDir/sizeLimit").stringValue()));
            } else if (volume.has("persistentVolumeClaim")) {
                binds.add(Bind.parse(claim + ":" + path));
            } else {
                binds.add(Bind.parse(layOut(name, volume).toAbsolutePath() + ":" + path + ":ro"));
            }
        }
        host.withBinds(binds).withTmpFs(memory);
    }

    private Path layOut(String name, JsonNode volume) {
        Map<String, String> content = new HashMap<>();
        JsonNode items;
        if (volume.has("configMap")) {
            JsonNode map =
                    manifests.named("ConfigMap", volume.at("/configMap/name").stringValue());
            map.path("data")
                    .propertyStream()
                    .forEach(entry ->
                            content.put(entry.getKey(), entry.getValue().stringValue()));
            items = volume.at("/configMap/items");
        } else {
            content.putAll(secret(volume.at("/secret/secretName").stringValue()));
            items = volume.at("/secret/items");
        }
        Map<String, String> byPath = new HashMap<>();
        if (items.isMissingNode()) {
            byPath.putAll(content);
        }
        for (JsonNode item : elements(items)) {
            byPath.put(
                    item.path("path").stringValue(),
                    content.get(item.path("key").stringValue()));
        }
        return layOut(files.resolve(name), byPath);
    }

    /** Files in a dated directory, a link to that, and links through it: the kubelet makes them so, to swap them. */
    private static Path layOut(Path directory, Map<String, String> content) {
        try {
            Path dated = Files.createDirectories(directory.resolve("..2026_01_01_00_00_00.1"));
            Files.createSymbolicLink(directory.resolve("..data"), dated.getFileName());
            for (Map.Entry<String, String> file : content.entrySet()) {
                Path target = dated.resolve(file.getKey());
                Files.createDirectories(target.getParent());
                Files.writeString(target, file.getValue());
                Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("r--r--r--"));
                Path first = Path.of(file.getKey()).getName(0);
                if (!Files.exists(directory.resolve(first))) {
                    Files.createSymbolicLink(
                            directory.resolve(first), Path.of("..data").resolve(first));
                }
            }
            return directory;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
