package io.cancelgateway.install;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.TestGateway;
import java.time.Clock;
import java.time.Duration;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** A real scrape, as Prometheus's own tool judges it. */
class ScrapeIT {

    @Test
    void promtoolFindsNothingButWhatIsInTheNamesOfOthers() throws Exception {
        try (TwelveLabsSimulator upstream = TwelveLabsSimulator.start(Clock.systemUTC());
                TestGateway gateway = TestGateway.builder()
                        .upstream(upstream)
                        .followUps("50ms", "50ms")
                        .start()) {
            String batch = upstream.account(TestGateway.KEY)
                    .createBatch(3, 1, Duration.ofMillis(1))
                    .id();
            assertThat(gateway.get("/v1.3/analyze/batches").status()).isEqualTo(200);
            gateway.cancel(batch);
            gateway.cancel("none").isProblem(400, "parameter_invalid");

            assertThat(Promtool.findings(gateway.samples().collect(Collectors.joining("\n", "", "\n"))))
                    // meters of Micrometer's; other names would not be found in dashboards that are made for them
                    .containsExactlyInAnyOrder(
                            "jvm_compilation_time_ms_total metric names should not contain abbreviated units",
                            "process_cpu_time_ns_total metric names should not contain abbreviated units",
                            "system_cpu_count non-histogram and non-summary metrics"
                                    + " should not have \"_count\" suffix");
        }
    }
}
