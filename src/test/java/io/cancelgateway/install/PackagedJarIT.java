package io.cancelgateway.install;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.support.PackagedJar;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.LocalDateTime;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What the jar of this build tells: its bill of materials, its commit, and nothing of who built it when. */
class PackagedJarIT {

    private static final String BILL = "META-INF/sbom/application.cdx.json";
    private static final String LIBRARIES = "BOOT-INF/lib/";

    @Test
    void theBillOfMaterialsNamesEveryLibraryByItsSha256() throws Exception {
        try (JarFile jar = new JarFile(PackagedJar.built().toFile())) {
            JsonNode bill = JsonMapper.shared().readTree(read(jar, BILL));
            assertThat(bill.path("bomFormat").stringValue()).isEqualTo("CycloneDX");
            assertThat(bill.at("/metadata/component/name").stringValue()).isEqualTo("cancel-gateway");
            assertThat(bill.at("/metadata/component/licenses").isMissingNode())
                    .as("the parent's license is not ours")
                    .isTrue();
            Set<String> names = new HashSet<>();
            Set<String> hashes = new HashSet<>();
            for (JsonNode component : bill.path("components")) {
                names.add(component.path("name").stringValue());
                component.path("hashes").forEach(hash -> {
                    if (hash.path("alg").stringValue().equals("SHA-256")) {
                        hashes.add(hash.path("content").stringValue());
                    }
                });
            }
            assertThat(names).contains("spring-boot", "tomcat-embed-core", "postgresql", "h2");
            List<String> unnamed = jar.stream()
                    .filter(entry -> entry.getName().startsWith(LIBRARIES) && !entry.isDirectory())
                    .filter(entry -> !hashes.contains(sha256(jar, entry)))
                    .map(JarEntry::getName)
                    .toList();
            // Spring Boot's plugin adds it, for jarmode=tools
            assertThat(unnamed).singleElement().asString().startsWith(LIBRARIES + "spring-boot-jarmode-tools-");
        }
    }

    /** As the Dockerfile extracts it. */
    @Test
    void theBillOfMaterialsIsInTheApplicationsLayer(@TempDir Path directory) throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String jar = PackagedJar.built().toString();
        Path layers = directory.resolve("layers");
        Process extract = new ProcessBuilder(
                        java, "-Djarmode=tools", "-jar", jar, "extract", "--layers", "--destination", layers.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(extract.waitFor()).isZero();
        try (Stream<Path> files = Files.list(layers.resolve("application"));
                JarFile extracted =
                        new JarFile(files.filter(file -> file.toString().endsWith(".jar"))
                                .findFirst()
                                .orElseThrow()
                                .toFile())) {
            assertThat(extracted.getEntry(BILL)).isNotNull();
            assertThat(extracted.getManifest().getMainAttributes().getValue("Sbom-Location"))
                    .isEqualTo(BILL);
        }
    }

    @Test
    void nothingTellsWhenWhereAndByWhomItWasBuilt() throws IOException {
        try (JarFile jar = new JarFile(PackagedJar.built().toFile())) {
            // a time of day, as the zip has it: without a zone
            assertThat(jar.stream().map(JarEntry::getTimeLocal).distinct())
                    .containsExactly(LocalDateTime.of(2026, 1, 1, 0, 0));
            JsonNode bill = JsonMapper.shared().readTree(read(jar, BILL));
            assertThat(bill.at("/metadata/timestamp").isMissingNode()).isTrue();
            assertThat(properties(jar, "META-INF/build-info.properties").stringPropertyNames())
                    .containsExactlyInAnyOrder("build.artifact", "build.group", "build.name", "build.version");
            if (jar.getEntry("BOOT-INF/classes/git.properties") != null) { // built in a clone
                Properties git = properties(jar, "BOOT-INF/classes/git.properties");
                assertThat(git.stringPropertyNames()).containsExactlyInAnyOrder("git.commit.id", "git.commit.time");
                assertThat(git.getProperty("git.commit.id")).matches("[0-9a-f]{40}");
                assertThat(git.getProperty("git.commit.time")).endsWith("Z");
            }
        }
    }

    private static Properties properties(JarFile jar, String name) throws IOException {
        Properties properties = new Properties();
        try (InputStream in = jar.getInputStream(jar.getEntry(name))) {
            properties.load(in);
        }
        return properties;
    }

    private static String read(JarFile jar, String name) throws IOException {
        try (InputStream in = jar.getInputStream(jar.getEntry(name))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static String sha256(JarFile jar, JarEntry entry) {
        try (InputStream in = jar.getInputStream(entry)) {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(in.readAllBytes()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
