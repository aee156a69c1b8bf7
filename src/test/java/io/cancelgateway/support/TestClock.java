package io.cancelgateway.support;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicReference;

/** The time of day, which tests can push on: it runs, or stands still. */
public final class TestClock extends Clock {

    private final InstantSource base;

    private final AtomicReference<Duration> pushed = new AtomicReference<>(Duration.ZERO);

    /** Runs. */
    public TestClock() {
        this(InstantSource.system());
    }

    private TestClock(InstantSource base) {
        this.base = base;
    }

    /** Stands still until it is pushed on. */
    public static TestClock standingAt(Instant instant) {
        return new TestClock(InstantSource.fixed(instant));
    }

    public void push(Duration duration) {
        pushed.accumulateAndGet(duration, Duration::plus);
    }

    @Override
    public Instant instant() {
        return base.instant().plus(pushed.get());
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        throw new UnsupportedOperationException();
    }
}
