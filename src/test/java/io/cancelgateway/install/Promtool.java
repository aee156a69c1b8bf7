package io.cancelgateway.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Path;

/** Prometheus's own tool, which parses rules and queries, and runs them over given series. */
final class Promtool {

    private static final Path PROGRAM = Path.of("/usr/bin/promtool");

    private Promtool() {}

    /** {@code promtool check rules}. Skips the test where there is no promtool. */
    static void check(Path rules) throws IOException, InterruptedException {
        run("check", rules);
    }

    /** {@code promtool test rules}. Skips the test where there is no promtool. */
    static void test(Path tests) throws IOException, InterruptedException {
        run("test", tests);
    }

    private static void run(String command, Path file) throws IOException, InterruptedException {
        assumeThat(PROGRAM)
                .as("Skipped: promtool is not installed (apt-get install prometheus)")
                .exists();
        Process process = new ProcessBuilder(PROGRAM.toString(), command, "rules", file.toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(output).isZero();
    }
}
