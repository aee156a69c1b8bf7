package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;

import io.cancelgateway.tenant.Tenants;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HttpTwelveLabsTests {

    @Test
    void aBackgroundCallMakesFourAttemptsAtMostAndKeepsTheDeadline() {
        assertThat(longestBackgroundCall("PT2S", "PT15S")).isEqualTo(Duration.ofSeconds(10));
        assertThat(longestBackgroundCall("PT5S", "PT15S")).isEqualTo(Duration.ofSeconds(15));
    }

    private static Duration longestBackgroundCall(String attemptTimeout, String deadline) {
        UpstreamProperties properties = new UpstreamProperties(
                URI.create("http://127.0.0.1:1"),
                Duration.ofSeconds(2),
                Duration.parse(attemptTimeout),
                Duration.parse(deadline),
                1,
                Duration.ofSeconds(20),
                null);
        RetryDecision retry = new RetryDecision(
                1, new Backoff(Duration.ZERO, Duration.ZERO, new Random(1)), Clock.systemUTC(), () -> {});
        Call.Collaborators collaborators = new Call.Collaborators(
                mock(Attempts.class), retry, mock(Tenants.class), _ -> {}, properties.attemptTimeout());
        Lanes lanes = new Lanes(_ -> {
            throw new AssertionError("nothing is called");
        });
        return new HttpTwelveLabs(collaborators, lanes, properties, System::nanoTime).longestBackgroundCall();
    }
}
