package io.cancelgateway.twelvelabs;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Exponential backoff with full jitter: a random delay between zero and a ceiling that doubles with each retry, so that
 * calls that failed together are not retried together.
 *
 * @see <a href="https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/">Timeouts, retries,
 *     and backoff with jitter</a>
 */
final class Backoff {

    private static final int MAX_DOUBLINGS = 30;

    private final Duration base;
    private final Duration max;
    private final RandomGenerator random;

    Backoff(Duration base, Duration max, RandomGenerator random) {
        this.base = base;
        this.max = max;
        this.random = random;
    }

    /**
     * The delay before a retry.
     *
     * @param retry which retry, from 1
     */
    Duration before(int retry) {
        return jitter(ceiling(retry));
    }

    private Duration ceiling(int retry) {
        Duration doubled = base.multipliedBy(1L << Math.min(retry - 1, MAX_DOUBLINGS));
        return doubled.compareTo(max) < 0 ? doubled : max;
    }

    /** A random delay from zero to {@code ceiling}, both included. */
    Duration jitter(Duration ceiling) {
        return Duration.ofNanos(random.nextLong(ceiling.toNanos() + 1));
    }
}
