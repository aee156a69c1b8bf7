package io.cancelgateway.platform;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.TestGateway;
import java.time.Clock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The log as the image writes it. */
@ExtendWith(OutputCaptureExtension.class)
class StructuredLogIT {

    @Test
    void aCancelIsALineOfJsonWithItsTraceAndItsFields(CapturedOutput output) {
        try (TwelveLabsSimulator upstream = TwelveLabsSimulator.start(Clock.systemUTC());
                TestGateway gateway = TestGateway.builder()
                        .upstream(upstream)
                        .with("logging.structured.format.console", "ecs")
                        .start()) {
            String batch = upstream.account(TestGateway.KEY).createBatch().id();

            assertThat(gateway.cancel(batch, "traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
                            .status())
                    .isEqualTo(202);
        }

        JsonNode line = output.getAll()
                .lines()
                .filter(text -> text.contains("Cancel of batch"))
                .map(text -> JsonMapper.shared().readTree(text))
                .findFirst()
                .orElseThrow();
        assertThat(line.path("trace.id").stringValue("")).isEqualTo("4bf92f3577b34da6a3ce929d0e0e4736");
        assertThat(line.path("span.id").stringValue("")).matches("[0-9a-f]{16}");
        assertThat(line.at("/log/logger").stringValue("")).isEqualTo("io.cancelgateway.cancellation.Cancellations");
        assertThat(line.path("outcome").stringValue("")).isEqualTo("accepted");
        assertThat(line.path("sent").intValue(0)).isOne();
        assertThat(line.path("duration_ms").isIntegralNumber()).isTrue();
    }
}
