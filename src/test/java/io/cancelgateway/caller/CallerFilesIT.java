package io.cancelgateway.caller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.Sha256;
import io.cancelgateway.support.TestGateway;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The hashes of callers' tokens are in files that change. */
class CallerFilesIT {

    @TempDir
    private Path directory;

    private final TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC());
    private final String batch = simulator
            .account(TestGateway.KEY)
            .createBatch(3, 1, Duration.ofHours(1))
            .id();

    @AfterEach
    void stop() {
        simulator.close();
    }

    @Test
    void aTokenIsReplacedWithoutARestart() throws Exception {
        Path file = Files.writeString(directory.resolve("billing"), Sha256.hex("one"));
        try (TestGateway.InProcess gateway = start()) {
            assertThat(isLetIn(gateway, "one")).isTrue();
            assertThat(isLetIn(gateway, "setting")).as("the file replaces it").isFalse();

            Files.writeString(
                    file, Sha256.hex("one") + ",\n" + Sha256.hex("two").toUpperCase(java.util.Locale.ROOT) + "\n");
            await().atMost(Duration.ofSeconds(10)).until(() -> isLetIn(gateway, "two"));
            assertThat(isLetIn(gateway, "one")).isTrue();

            Files.writeString(file, Sha256.hex("two"));
            await().atMost(Duration.ofSeconds(10)).until(() -> !isLetIn(gateway, "one"));
            assertThat(isLetIn(gateway, "two")).isTrue();

            Files.writeString(file, Sha256.hex("three") + "\nnot a hash");
            await().during(Duration.ofSeconds(6)).until(() -> isLetIn(gateway, "two") && !isLetIn(gateway, "three"));

            Files.delete(file);
            await().atMost(Duration.ofSeconds(10)).until(() -> !isLetIn(gateway, "two"));
            assertThat(isLetIn(gateway, "setting"))
                    .as("that of the setting, again")
                    .isTrue();
        }
    }

    private boolean isLetIn(TestGateway gateway, String token) {
        return gateway.cancelWith(batch, "x-api-key", token).status() == 202;
    }

    private TestGateway.InProcess start() {
        return TestGateway.bare()
                .upstream(simulator)
                .with("gateway.tenants.acme.api-key", TestGateway.KEY)
                .with("gateway.callers-dir", directory)
                .with("gateway.callers.billing.token-sha256", Sha256.hex("setting"))
                .with("gateway.callers.billing.tenants", "acme")
                .start();
    }
}
