package io.cancelgateway.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.TestGateway;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The log as the image writes it: by a gateway in a process of its own, since the format is one for a whole JVM. */
class StructuredLogIT {

    @TempDir
    private Path directory;

    @Test
    void aCancelIsALineOfJsonWithItsTraceAndItsFields() throws IOException {
        try (TwelveLabsSimulator upstream = TwelveLabsSimulator.start(Clock.systemUTC());
                TestGateway gateway = TestGateway.builder()
                        .upstream(upstream)
                        .with("logging.structured.format.console", "ecs")
                        .startPackaged(directory)) {
            String batch = upstream.account(TestGateway.KEY).createBatch().id();

            assertThat(gateway.cancel(batch, "traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
                            .status())
                    .isEqualTo(202);

            await().until(() -> !cancels().isEmpty());
            JsonNode line = JsonMapper.shared().readTree(cancels().getFirst());
            assertThat(line.path("trace.id").stringValue("")).isEqualTo("4bf92f3577b34da6a3ce929d0e0e4736");
            assertThat(line.path("span.id").stringValue("")).matches("[0-9a-f]{16}");
            assertThat(line.at("/log/logger").stringValue("")).isEqualTo(AuditEvent.LOGGER);
            assertThat(line.path("outcome").stringValue("")).isEqualTo("accepted");
            assertThat(line.at("/event/action").stringValue("")).isEqualTo("cancel");
            assertThat(line.path("attempts").intValue(0)).isOne();
            assertThat(line.path("recorded").booleanValue(false)).isTrue();
            assertThat(line.path("duration_ms").isIntegralNumber()).isTrue();
        }
    }

    private List<String> cancels() throws IOException {
        try (Stream<Path> logs =
                Files.list(directory).filter(file -> file.toString().endsWith(".log"))) {
            return Files.readString(logs.findFirst().orElseThrow())
                    .lines()
                    .filter(line -> line.contains("Cancel of batch"))
                    .toList();
        }
    }
}
