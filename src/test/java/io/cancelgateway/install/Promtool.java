package io.cancelgateway.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

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

    /** {@code promtool check metrics}: what it has against this scrape. Skips the test where there is no promtool. */
    static List<String> findings(String scrape) throws IOException, InterruptedException {
        skipWhereItIsNot();
        Path input = Files.writeString(Files.createTempFile("scrape", ".txt"), scrape);
        try {
            Process process = new ProcessBuilder(PROGRAM.toString(), "check", "metrics")
                    .redirectInput(input.toFile())
                    .redirectErrorStream(true)
                    .start();
            String output = new String(process.getInputStream().readAllBytes());
            // 1 would be a scrape that it cannot read
            assertThat(process.waitFor()).as(output).isIn(0, 3);
            return output.lines().toList();
        } finally {
            Files.delete(input);
        }
    }

    private static void skipWhereItIsNot() {
        assumeThat(PROGRAM)
                .as("Skipped: promtool is not installed (apt-get install prometheus)")
                .exists();
    }

    private static void run(String command, Path file) throws IOException, InterruptedException {
        skipWhereItIsNot();
        Process process = new ProcessBuilder(PROGRAM.toString(), command, "rules", file.toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(output).isZero();
    }
}
