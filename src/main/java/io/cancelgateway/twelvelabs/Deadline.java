package io.cancelgateway.twelvelabs;

import io.cancelgateway.platform.Ticker;
import java.time.Duration;

/**
 * The time by which a request must be answered. It is measured by a monotonic clock, so that setting the wall clock
 * does not move it. Safe for use by many threads.
 */
public final class Deadline {

    private final Ticker ticker;
    private final long at;

    private Deadline(Ticker ticker, long at) {
        this.ticker = ticker;
        this.at = at;
    }

    /** The deadline that lies {@code duration} from now. */
    public static Deadline after(Duration duration, Ticker ticker) {
        return new Deadline(ticker, ticker.nanos() + duration.toNanos());
    }

    /** The time left, zero once the deadline is reached. */
    public Duration left() {
        return Duration.ofNanos(Math.max(0, at - ticker.nanos()));
    }

    boolean reached() {
        return left().isZero();
    }

    /** Whether time would be left after a wait of this length. */
    boolean allows(Duration wait) {
        return wait.compareTo(left()) < 0;
    }

    /** The shorter of {@code duration} and the time left. */
    Duration cut(Duration duration) {
        Duration left = left();
        return duration.compareTo(left) < 0 ? duration : left;
    }
}
