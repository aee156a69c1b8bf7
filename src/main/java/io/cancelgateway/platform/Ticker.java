package io.cancelgateway.platform;

/** Monotonic time for deadlines and windows, which must not jump when the wall clock is set. */
@FunctionalInterface
public interface Ticker {

    /** Nanoseconds since an arbitrary origin, as {@link System#nanoTime()}. */
    long nanos();
}
