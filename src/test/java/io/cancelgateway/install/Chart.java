package io.cancelgateway.install;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.InstallCommand;
import com.marcnuri.helm.LintResult;
import com.marcnuri.helm.TemplateCommand;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.springframework.util.FileSystemUtils;
import org.yaml.snakeyaml.Yaml;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The chart as Helm renders it. */
final class Chart {

    static final Path DIRECTORY = Path.of("helm", "cancel-gateway");
    static final String RELEASE = "cancel-gateway";

    private static final String OLDEST_KUBERNETES = "1.30.0";

    private static final Path TEST_POD = Path.of("templates", "tests", "connection.yaml");
    private static final Path WITHOUT_HOOK = withoutHook();

    private Chart() {}

    private static Path withoutHook() {
        try {
            Path copy = Path.of("target", "without-hook").resolve(DIRECTORY.getFileName());
            FileSystemUtils.deleteRecursively(copy);
            FileSystemUtils.copyRecursively(DIRECTORY, copy);
            Path pod = copy.resolve(TEST_POD);
            Files.writeString(pod, read(pod).replaceFirst("(?m)^ +helm\\.sh/hook: test\n", ""));
            return copy;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String testPodTemplate() {
        return read(DIRECTORY.resolve(TEST_POD));
    }

    /** The files of values beside the chart. */
    static List<String> names() {
        try (Stream<Path> files = Files.list(DIRECTORY.resolve("ci"))) {
            return files.map(file -> file.getFileName().toString().replace("-values.yaml", ""))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Values that a file beside the chart has: {@code production}, {@code demo}, {@code everything}, … */
    static String values(String name) {
        return read(DIRECTORY.resolve("ci").resolve(name + "-values.yaml"));
    }

    /** Lints a copy whose defaults are these values, since that is what Helm lints here. */
    static LintResult lint(String values) {
        try {
            Path copy = Files.createTempDirectory("chart").resolve(DIRECTORY.getFileName());
            FileSystemUtils.copyRecursively(DIRECTORY, copy);
            try {
                return withValues(new String[] {read(DIRECTORY.resolve("values.yaml")), values}, file -> {
                    Files.copy(file, copy.resolve("values.yaml"), StandardCopyOption.REPLACE_EXISTING);
                    return new Helm(copy).lint().strict().call();
                });
            } finally {
                FileSystemUtils.deleteRecursively(copy.getParent());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Everything, the test pod included, which Helm here leaves out as long as it is a hook.
     *
     * @throws IllegalStateException with Helm's own message where it refuses the values
     */
    static Manifests render(String... values) {
        return render(WITHOUT_HOOK, values);
    }

    /** As {@link #render}, of a chart that is the same but for its own and its application's version. */
    static Manifests renderAsVersion(String version, String... values) {
        try {
            Path copy = Files.createTempDirectory("chart").resolve(DIRECTORY.getFileName());
            FileSystemUtils.copyRecursively(WITHOUT_HOOK, copy);
            try {
                Path chart = copy.resolve("Chart.yaml");
                Files.writeString(chart, read(chart).replaceAll("(?m)^((appV|v)ersion): .*$", "$1: " + version));
                return render(copy, values);
            } finally {
                FileSystemUtils.deleteRecursively(copy.getParent());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Manifests render(Path chart, String... values) {
        return withValues(values, file -> {
            TemplateCommand template = new Helm(chart)
                    .template()
                    .withName(RELEASE)
                    .withNamespace("cancellations")
                    .withKubeVersion(OLDEST_KUBERNETES)
                    .withValuesFile(file);
            return Manifests.parse(template.call());
        });
    }

    /** What an installer reads at the end. */
    static String notes(String... values) {
        return withValues(values, file -> {
            InstallCommand install = new Helm(DIRECTORY)
                    .install()
                    .clientOnly()
                    .dryRun()
                    .withName(RELEASE)
                    .withNamespace("cancellations")
                    .withKubeVersion(OLDEST_KUBERNETES)
                    .withValuesFile(file);
            String output = install.withKubeVersion(OLDEST_KUBERNETES).call().getOutput();
            return output.substring(output.indexOf("NOTES:"));
        });
    }

    private interface Call<T> {
        T with(Path values) throws IOException;
    }

    private static <T> T withValues(String[] values, Call<T> call) {
        Map<String, Object> merged = new LinkedHashMap<>();
        for (String text : values) {
            Map<String, Object> more = new Yaml().load(text);
            if (more != null) {
                merge(merged, more);
            }
        }
        try {
            Path file = Files.createTempFile("values", ".yaml");
            try {
                Files.writeString(file, JsonMapper.shared().writeValueAsString(merged));
                return call.with(file);
            } finally {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @SuppressWarnings("unchecked")
    private static void merge(Map<String, Object> into, Map<String, Object> more) {
        more.forEach((key, value) -> {
            if (value instanceof Map && into.get(key) instanceof Map) {
                merge((Map<String, Object>) into.get(key), (Map<String, Object>) value);
            } else {
                into.put(key, value);
            }
        });
    }

    static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static JsonNode yaml(String text) {
        return JsonMapper.shared().valueToTree(new Yaml().load(text));
    }

    /** Rendered manifests, each with the template that it came from. */
    record Manifests(List<Manifest> all) {

        static Manifests parse(String rendered) {
            List<Manifest> manifests = new ArrayList<>();
            for (String document : rendered.split("(?m)^---\\s*$")) {
                if (!document.isBlank()) {
                    String source = document.lines()
                            .filter(line -> line.startsWith("# Source: "))
                            .findFirst()
                            .orElseThrow()
                            .substring("# Source: ".length());
                    JsonNode json = yaml(document);
                    if (json.isObject()) {
                        manifests.add(new Manifest(source, json));
                    }
                }
            }
            return new Manifests(manifests);
        }

        List<JsonNode> kinds(String kind) {
            return all.stream()
                    .filter(m -> m.kind().equals(kind))
                    .map(Manifest::json)
                    .toList();
        }

        /** The only manifest of this kind. */
        JsonNode only(String kind) {
            List<JsonNode> found = kinds(kind);
            if (found.size() != 1) {
                throw new AssertionError(found.size() + " manifests of kind " + kind);
            }
            return found.getFirst();
        }

        JsonNode named(String kind, String name) {
            return kinds(kind).stream()
                    .filter(json -> json.at("/metadata/name").stringValue().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no " + kind + " " + name));
        }

        boolean has(String kind) {
            return !kinds(kind).isEmpty();
        }

        JsonNode podSpec() {
            return only("Deployment").at("/spec/template/spec");
        }

        JsonNode container() {
            return podSpec().at("/containers/0");
        }

        /** The application.yaml that pods read. */
        JsonNode applicationYaml() {
            return yaml(named("ConfigMap", RELEASE).at("/data/application.yaml").stringValue());
        }
    }

    /** One manifest. */
    record Manifest(String source, JsonNode json) {

        String kind() {
            return json.path("kind").stringValue();
        }

        String apiVersion() {
            return json.path("apiVersion").stringValue();
        }

        @Override
        public String toString() {
            return kind() + " of " + source;
        }
    }

    static List<JsonNode> elements(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false).toList();
    }
}
