package io.cancelgateway.twelvelabs;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Bounds how many attempts one tenant makes at the same time, so that its slow calls cannot take all connections. Safe
 * for use by many threads.
 */
final class Bulkhead {

    /** A short wait lets a burst through. A call that would wait for longer is refused as overload. */
    private static final Duration MAX_WAIT = Duration.ofSeconds(1);

    private final int maxConcurrentCalls;
    private final Semaphore permits;

    Bulkhead(int maxConcurrentCalls) {
        this.maxConcurrentCalls = maxConcurrentCalls;
        this.permits = new Semaphore(maxConcurrentCalls, true);
    }

    /**
     * Takes a permit. Whoever gets true must {@link #release()} it.
     *
     * @param deadline a caller's call waits no longer than this; a background call does not wait
     */
    boolean tryAcquire(Priority priority, Deadline deadline) throws InterruptedException {
        return switch (priority) {
            case CALLER -> permits.tryAcquire(deadline.cut(MAX_WAIT).toNanos(), TimeUnit.NANOSECONDS);
            case BACKGROUND -> !permits.hasQueuedThreads() && permits.tryAcquire();
        };
    }

    void release() {
        permits.release();
    }

    /** Whether all permits are taken, and as many calls wait for one as there are permits. */
    boolean queueFull() {
        return permits.availablePermits() == 0 && permits.getQueueLength() >= maxConcurrentCalls;
    }
}
