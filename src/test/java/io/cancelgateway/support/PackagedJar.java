package io.cancelgateway.support;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The jar that the build makes, unpacked and with an ahead-of-time cache, as in the image. So it starts in a third of
 * the time, which counts where a test starts it often.
 */
public final class PackagedJar {

    private static final Map<Path, List<String>> COMMANDS = new ConcurrentHashMap<>();

    private PackagedJar() {}

    /** How to start the gateway of this build. */
    static List<String> command() {
        return COMMANDS.computeIfAbsent(built(), jar -> {
            List<String> command = java(unpack(jar));
            Path cache = jar.resolveSibling("packaged").resolve("gateway.aot");
            List<String> training = new ArrayList<>(command);
            training.addAll(1, List.of("-XX:AOTCacheOutput=" + cache, "-Dspring.context.exit=onRefresh"));
            training.addAll(List.of(
                    "--spring.datasource.url=jdbc:h2:mem:training", "--server.port=0", "--management.server.port=0"));
            run(training);
            command.add(1, "-XX:AOTCache=" + cache);
            return List.copyOf(command);
        });
    }

    /** How to start the gateway in another jar. That is not done often enough for a cache. */
    static List<String> command(Path jar) {
        return COMMANDS.computeIfAbsent(jar.toAbsolutePath(), other -> List.copyOf(java(unpack(other))));
    }

    private static Path unpack(Path jar) {
        Path to = jar.resolveSibling("packaged");
        run(List.of(
                executable(),
                "-Djarmode=tools",
                "-jar",
                jar.toString(),
                "extract",
                "--force",
                "--destination",
                to.toString()));
        return to.resolve(jar.getFileName());
    }

    private static List<String> java(Path jar) {
        return new ArrayList<>(List.of(
                executable(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xmx256m",
                "--enable-native-access=ALL-UNNAMED",
                "-jar",
                jar.toString()));
    }

    private static String executable() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private static void run(List<String> command) {
        try {
            Path output = Files.createTempFile("packaged-jar", ".log");
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            if (!process.waitFor(2, TimeUnit.MINUTES) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new IllegalStateException(String.join(" ", command) + ": " + Files.readString(output));
            }
            Files.delete(output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** The jar of this build. */
    public static Path built() {
        try (Stream<Path> files = Files.list(Path.of("target"))) {
            return files.filter(file -> file.getFileName().toString().matches("cancel-gateway-.*(?<!-sources)\\.jar"))
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("No jar in target: run mvnw package"))
                    .toAbsolutePath();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
