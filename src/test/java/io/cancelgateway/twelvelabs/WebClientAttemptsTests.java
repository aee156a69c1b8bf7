package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.tenant.ApiKey;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.web.reactive.function.client.WebClient;

class WebClientAttemptsTests {

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

    @Test
    void whateverFailsBeforeAnAttemptIsSentIsNotSentAndCounted() {
        WebClient client = WebClient.builder()
                .baseUrl("http://127.0.0.1:1")
                .filter((request, next) -> {
                    throw new IllegalStateException("a filter that fails");
                })
                .build();
        WebClientAttempts attempts = new WebClientAttempts(
                client,
                new IdleConnections(Duration.ofSeconds(20), Clock.systemUTC()),
                new BatchReader(),
                meters,
                new AttemptObservation.Source(ObservationRegistry.NOOP, URI.create("http://127.0.0.1:1")),
                System::nanoTime);

        Attempt attempt = attempts.send(
                new VendorRequest.Cancel(new BatchId("68f4ddaf8aaa60d33df0e800")),
                ApiKey.parse("tlk_some_key").orElseThrow(),
                1,
                Duration.ofSeconds(5));

        assertThat(attempt).isEqualTo(new Attempt.NotSent(Attempt.NotSent.Cause.OTHER));
        assertThat(meters.get("cancel.gateway.upstream.attempts")
                        .tags("operation", "cancel", "result", "connect_failed")
                        .counter()
                        .count())
                .isEqualTo(1);
    }
}
