package io.cancelgateway.twelvelabs;

import io.cancelgateway.platform.Ticker;
import java.time.Duration;

/** How long one tenant's calls rest because the upstream said 429 with a {@code Retry-After}. */
final class Pause {

    /** The upstream may say more, and callers are told; but an account is tried again after this. */
    private static final Duration MAX = Duration.ofMinutes(5);

    private final Ticker ticker;

    private volatile Until until;

    Pause(Ticker ticker) {
        this.ticker = ticker;
        this.until = new Until(ticker.nanos(), ticker.nanos());
    }

    /** Pauses for {@code retryAfter}; what was said before stands where it is longer. */
    synchronized void extend(Duration retryAfter) {
        Duration capped = retryAfter.compareTo(MAX) < 0 ? retryAfter : MAX;
        long now = ticker.nanos();
        until = new Until(
                now + Math.max(capped.toNanos(), left().toNanos()),
                now + Math.max(retryAfter.toNanos(), retryAfter().toNanos()));
    }

    /** What is left of the pause; zero where there is none. */
    Duration left() {
        return left(until.capped());
    }

    /** What is left of what the upstream said, for callers: not capped, but zero once the pause is over. */
    Duration retryAfter() {
        return on() ? left(until.said()) : Duration.ZERO;
    }

    boolean on() {
        return !left().isZero();
    }

    private Duration left(long end) {
        return Duration.ofNanos(Math.max(0, end - ticker.nanos()));
    }

    private record Until(long capped, long said) {}
}
