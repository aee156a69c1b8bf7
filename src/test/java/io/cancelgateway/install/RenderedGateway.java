package io.cancelgateway.install;

import static io.cancelgateway.install.Chart.elements;

import io.cancelgateway.install.Chart.Manifests;
import io.cancelgateway.support.Sha256;
import io.cancelgateway.support.TestGateway;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * A gateway in this process, with the settings that a rendered Deployment gives to it: its variables, its ConfigMap,
 * and its volumes as files. Its tenant is acme and its caller billing, each in a file, as {@link TestGateway} has them.
 */
final class RenderedGateway {

    /** Where the Deployment mounts them. */
    private static final String MOUNTS = "/etc/cancel-gateway";

    private static final Map<String, String> SETTINGS = Map.of(
            "SPRING_CONFIG_ADDITIONALLOCATION", "spring.config.additional-location",
            "SPRING_CONFIG_IMPORT", "spring.config.import",
            "SPRING_DATASOURCE_URL", "spring.datasource.url",
            "GATEWAY_TENANTSDIR", "gateway.tenants-dir",
            "GATEWAY_CALLERSDIR", "gateway.callers-dir");

    private final Manifests manifests;
    private final Path directory;
    private final Map<String, Map<String, String>> volumes = new HashMap<>();

    /** @param directory for the files, empty */
    RenderedGateway(Manifests manifests, Path directory) {
        this.manifests = manifests;
        this.directory = directory;
        with("tenants", Map.of("acme", TestGateway.KEY));
        with("callers", Map.of("billing", Sha256.hex(TestGateway.TOKEN)));
    }

    /** @param content of the volume's source: key → text */
    RenderedGateway with(String volume, Map<String, String> content) {
        volumes.put(volume, content);
        return this;
    }

    TestGateway.Builder builder() throws IOException {
        for (JsonNode volume : elements(manifests.podSpec().path("volumes"))) {
            String name = volume.path("name").stringValue();
            if (name.equals("config")) {
                write(
                        name,
                        "application.yaml",
                        manifests
                                .named("ConfigMap", Chart.RELEASE)
                                .at("/data/application.yaml")
                                .stringValue()
                                .replace(MOUNTS, directory.toString()));
            } else if (volumes.containsKey(name)) {
                layOut(name, volume);
            }
        }
        TestGateway.Builder builder = TestGateway.bare().followUps("200ms", "1s");
        for (JsonNode variable : elements(manifests.container().path("env"))) {
            String name = variable.path("name").stringValue();
            String setting = SETTINGS.get(name);
            if (setting == null) {
                throw new IllegalStateException("Nobody reads " + name);
            }
            builder.with(setting, variable.path("value").stringValue().replace(MOUNTS, directory.toString()));
        }
        return builder;
    }

    private void layOut(String name, JsonNode volume) throws IOException {
        Map<String, String> content = volumes.get(name);
        JsonNode items = volume.has("secret") ? volume.at("/secret/items") : volume.at("/configMap/items");
        for (JsonNode item : elements(items)) {
            write(
                    name,
                    item.path("path").stringValue(),
                    content.get(item.path("key").stringValue()));
        }
        if (items.isEmpty()) {
            for (Map.Entry<String, String> file : content.entrySet()) {
                write(name, file.getKey(), file.getValue());
            }
        }
    }

    private void write(String volume, String path, String text) throws IOException {
        Path file = directory.resolve(volume).resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
