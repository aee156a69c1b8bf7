package io.cancelgateway.twelvelabs;

import io.cancelgateway.platform.Ticker;
import java.time.Duration;

/** The time by which a request must be answered, on a clock that cannot be set. */
public final class Deadline {

    private final Ticker ticker;
    private final long at;

    private Deadline(Ticker ticker, long at) {
        this.ticker = ticker;
        this.at = at;
    }

    /** The deadline that is reached when {@code duration} is over. */
    public static Deadline after(Duration duration, Ticker ticker) {
        return new Deadline(ticker, ticker.nanos() + duration.toNanos());
    }

    /** What is left, never negative. */
    public Duration left() {
        return Duration.ofNanos(Math.max(0, at - ticker.nanos()));
    }

    boolean reached() {
        return left().isZero();
    }

    /** Whether there is time left after {@code wait}. */
    boolean allows(Duration wait) {
        return wait.compareTo(left()) < 0;
    }

    /** {@code duration}, or what is left where that is shorter. */
    Duration cut(Duration duration) {
        Duration left = left();
        return duration.compareTo(left) < 0 ? duration : left;
    }
}
