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

    /** The share of bulk calls, which need one of these as well. */
    private final Semaphore bulkShare;

    Bulkhead(int maxConcurrentCalls) {
        this.maxConcurrentCalls = maxConcurrentCalls;
        this.permits = new Semaphore(maxConcurrentCalls, true);
        this.bulkShare = new Semaphore(Math.max(1, maxConcurrentCalls / 2), true);
    }

    /**
     * Takes a permit. Whoever gets true must {@link #release} it.
     *
     * @param deadline a caller's call and a bulk call wait no longer than this; a background call does not wait
     */
    boolean tryAcquire(Priority priority, Deadline deadline) throws InterruptedException {
        return switch (priority) {
            case CALLER -> acquired(permits, deadline.cut(MAX_WAIT));
            case BULK -> tryAcquireInBulk(deadline);
            case BACKGROUND -> !permits.hasQueuedThreads() && permits.tryAcquire();
        };
    }

    /** The share comes first: a bulk call that waits for it does not stand in the queue of the callers. */
    private boolean tryAcquireInBulk(Deadline deadline) throws InterruptedException {
        if (!acquired(bulkShare, deadline.left())) {
            return false;
        }
        boolean acquired = false;
        try {
            acquired = acquired(permits, deadline.left());
            return acquired;
        } finally {
            if (!acquired) {
                bulkShare.release();
            }
        }
    }

    private static boolean acquired(Semaphore semaphore, Duration wait) throws InterruptedException {
        return semaphore.tryAcquire(wait.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** @param priority of the call that took the permit */
    void release(Priority priority) {
        permits.release();
        if (priority == Priority.BULK) {
            bulkShare.release();
        }
    }

    /** How many permits are taken. */
    int used() {
        return maxConcurrentCalls - permits.availablePermits();
    }

    /** How many calls wait for a permit. */
    int waiting() {
        return permits.getQueueLength() + bulkShare.getQueueLength();
    }

    /** Whether all permits are taken, and as many calls wait for one as there are permits. */
    boolean queueFull() {
        return permits.availablePermits() == 0 && permits.getQueueLength() >= maxConcurrentCalls;
    }
}
