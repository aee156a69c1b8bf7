package io.cancelgateway.cancellation;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long until the next look: half as long as it has taken so far, within limits, and up to a quarter less, so that
 * those that began together do not stay together. It needs no memory of the looks made.
 */
final class PollDelay {

    private final Duration shortest;
    private final Duration longest;
    private final RandomGenerator random;

    /** @param shortest cut to {@code longest} where that is shorter */
    PollDelay(Duration shortest, Duration longest, RandomGenerator random) {
        this.shortest = shortest.compareTo(longest) < 0 ? shortest : longest;
        this.longest = longest;
        this.random = random;
    }

    /** @param age since the cancellation was requested */
    Duration after(Duration age) {
        Duration half = age.dividedBy(2);
        Duration cut = half.compareTo(longest) < 0 ? half : longest;
        return jittered(cut.compareTo(shortest) > 0 ? cut : shortest);
    }

    /** {@code delay}, up to a quarter less. */
    Duration jittered(Duration delay) {
        return delay.minus(Duration.ofNanos(random.nextLong(delay.toNanos() / 4 + 1)));
    }
}
