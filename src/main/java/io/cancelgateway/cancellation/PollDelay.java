package io.cancelgateway.cancellation;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * The delay before the next poll: half of the cancellation's age, within limits. Up to a quarter of it is subtracted as
 * jitter, so that cancellations that began together are not polled together. No count of the polls is needed.
 */
final class PollDelay {

    private final Duration shortest;
    private final Duration longest;
    private final RandomGenerator random;

    /** @param shortest the shortest delay; cut to {@code longest} if that is shorter */
    PollDelay(Duration shortest, Duration longest, RandomGenerator random) {
        this.shortest = shortest.compareTo(longest) < 0 ? shortest : longest;
        this.longest = longest;
        this.random = random;
    }

    /** @param age how long ago the present life of the cancellation began */
    Duration after(Duration age) {
        Duration half = age.dividedBy(2);
        Duration cut = half.compareTo(longest) < 0 ? half : longest;
        return jittered(cut.compareTo(shortest) > 0 ? cut : shortest);
    }

    /** {@code delay}, less up to a quarter of it as jitter. */
    Duration jittered(Duration delay) {
        return delay.minus(Duration.ofNanos(random.nextLong(delay.toNanos() / 4 + 1)));
    }
}
