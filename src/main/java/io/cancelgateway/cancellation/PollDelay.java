package io.cancelgateway.cancellation;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * The delay before the next poll: half of the cancellation's age, within limits, and up to a quarter less, so that those
 * that began together do not stay together. It grows without counting the polls made.
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

    /** @param age of the cancellation, since it was last started */
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
