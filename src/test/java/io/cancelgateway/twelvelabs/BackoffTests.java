package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackoffTests {

    /** Always the largest number asked for. */
    private static final RandomGenerator HIGHEST = new RandomGenerator() {
        @Override
        public long nextLong() {
            throw new AssertionError("only bounded numbers are asked for");
        }

        @Override
        public long nextLong(long bound) {
            return bound - 1;
        }
    };

    @ParameterizedTest
    @CsvSource({"1,100", "2,200", "3,400", "4,800", "5,1600", "6,2000", "7,2000", "100,2000"})
    void theCeilingDoublesUpToTheMaximum(int retry, long millis) {
        assertThat(backoff(HIGHEST).before(retry)).isEqualTo(Duration.ofMillis(millis));
    }

    @Test
    void isAnythingFromNothingToTheCeiling() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        Backoff backoff = backoff(random);
        for (int retry = 1; retry <= 8; retry++) {
            Duration ceiling = backoff(HIGHEST).before(retry);
            Duration least = ceiling;
            Duration most = Duration.ZERO;
            for (int i = 0; i < 500; i++) {
                Duration delay = backoff.before(retry);
                assertThat(delay).as("seed %d", seed).isBetween(Duration.ZERO, ceiling);
                least = delay.compareTo(least) < 0 ? delay : least;
                most = delay.compareTo(most) > 0 ? delay : most;
            }
            // full jitter: both ends of the range are met
            assertThat(least).as("seed %d", seed).isLessThan(ceiling.dividedBy(10));
            assertThat(most)
                    .as("seed %d", seed)
                    .isGreaterThan(ceiling.multipliedBy(9).dividedBy(10));
        }
    }

    @Test
    void noDelayIsNoDelay() {
        assertThat(new Backoff(Duration.ZERO, Duration.ZERO, new Random()).before(1))
                .isZero();
        assertThat(backoff(new Random()).jitter(Duration.ZERO)).isZero();
    }

    private static Backoff backoff(RandomGenerator random) {
        return new Backoff(Duration.ofMillis(100), Duration.ofSeconds(2), random);
    }
}
