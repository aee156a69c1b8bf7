package io.cancelgateway.cancellation;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PollDelayTests {

    /** Takes off nothing. */
    private static final RandomGenerator NO_JITTER = () -> 0L;

    @ParameterizedTest
    @CsvSource({"PT0S,PT2S", "PT4S,PT2S", "PT10S,PT5S", "PT2M,PT1M", "PT24H,PT1M", "PT-5S,PT2S"})
    void theDelayIsHalfTheAgeWithinLimits(Duration age, Duration delay) {
        PollDelay pollDelay = new PollDelay(Duration.ofSeconds(2), Duration.ofMinutes(1), NO_JITTER);

        assertThat(pollDelay.after(age)).isEqualTo(delay);
    }

    @Test
    void delaysGrow() {
        PollDelay pollDelay = new PollDelay(Duration.ofSeconds(2), Duration.ofMinutes(1), NO_JITTER);
        List<Duration> delays = new ArrayList<>();
        for (Duration age = Duration.ZERO; delays.size() < 12; age = age.plus(delays.getLast())) {
            delays.add(pollDelay.after(age));
        }

        assertThat(delays).isSorted().endsWith(Duration.ofMinutes(1));
    }

    @Test
    void jitterTakesOffUpToAQuarter() {
        PollDelay pollDelay = new PollDelay(Duration.ofSeconds(2), Duration.ofMinutes(1), new Random(7));

        List<Duration> delays = java.util.stream.Stream.generate(() -> pollDelay.after(Duration.ofSeconds(40)))
                .limit(1000)
                .toList();

        assertThat(delays)
                .allSatisfy(delay -> assertThat(delay).isBetween(Duration.ofSeconds(15), Duration.ofSeconds(20)));
        assertThat(delays).anySatisfy(delay -> assertThat(delay).isLessThan(Duration.ofSeconds(16)));
        assertThat(delays).anySatisfy(delay -> assertThat(delay).isGreaterThan(Duration.ofSeconds(19)));
    }

    @Test
    void anInitialDelayAboveTheLongestIsCut() {
        PollDelay pollDelay = new PollDelay(Duration.ofMinutes(5), Duration.ofSeconds(1), NO_JITTER);

        assertThat(pollDelay.after(Duration.ZERO)).isEqualTo(Duration.ofSeconds(1));
    }
}
