package io.cancelgateway.twelvelabs;

import io.cancelgateway.platform.Ticker;
import java.time.Duration;

/**
 * The pause of one tenant's calls after a 429 with a {@code Retry-After} (RFC 6585, section 4). Safe for use by many
 * threads.
 */
final class Pause {

    /** A pause is never longer than this, whatever the upstream asks for. */
    private static final Duration MAX = Duration.ofMinutes(5);

    private final Ticker ticker;

    private volatile Until until;

    Pause(Ticker ticker) {
        this.ticker = ticker;
        this.until = new Until(ticker.nanos(), ticker.nanos());
    }

    /**
     * Pauses for {@code retryAfter} from now, capped. A pause that lasts longer already is not shortened.
     *
     * @return whether the pause began with this
     */
    synchronized boolean extend(Duration retryAfter) {
        boolean began = !on();
        Duration capped = retryAfter.compareTo(MAX) < 0 ? retryAfter : MAX;
        long now = ticker.nanos();
        until = new Until(
                now + Math.max(capped.toNanos(), left().toNanos()),
                now + Math.max(retryAfter.toNanos(), retryAfter().toNanos()));
        return began && on();
    }

    /** The time left of the pause, zero where there is none. */
    Duration left() {
        return left(until.capped());
    }

    /** The time left of what the upstream asked for, not capped, for callers. Zero once the pause is over. */
    Duration retryAfter() {
        return on() ? left(until.uncapped()) : Duration.ZERO;
    }

    /** Whether calls must not be made now. */
    boolean on() {
        return !left().isZero();
    }

    private Duration left(long end) {
        return Duration.ofNanos(Math.max(0, end - ticker.nanos()));
    }

    /** When the pause ends, and when it would end if it were not capped. */
    private record Until(long capped, long uncapped) {}
}
