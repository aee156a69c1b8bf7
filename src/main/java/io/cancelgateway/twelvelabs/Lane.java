package io.cancelgateway.twelvelabs;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** What one tenant has of its own on the way upstream, so that its trouble stays its own. */
final class Lane {

    /** A burst waits for its turn; what takes longer is load, and is told so. */
    private static final Duration MAX_WAIT_FOR_PERMIT = Duration.ofSeconds(1);

    private final int maxConcurrentCalls;
    private final Semaphore permits;
    private final Breaker breaker;
    private final RetryBudget budget;
    private final Pause pause;

    Lane(int maxConcurrentCalls, Breaker breaker, RetryBudget budget, Pause pause) {
        this.maxConcurrentCalls = maxConcurrentCalls;
        this.permits = new Semaphore(maxConcurrentCalls, true);
        this.breaker = breaker;
        this.budget = budget;
        this.pause = pause;
    }

    /** Goes on to {@code next} with one of the tenant's permits. */
    Step bulkhead(Deadline deadline, Supplier<Step> next) throws InterruptedException {
        long wait = deadline.cut(MAX_WAIT_FOR_PERMIT).toNanos();
        if (!permits.tryAcquire(wait, TimeUnit.NANOSECONDS)) {
            return new Step.BulkheadFull();
        }
        try {
            // a permit that comes with the deadline comes too late
            return deadline.reached() ? new Step.BulkheadFull() : next.get();
        } finally {
            permits.release();
        }
    }

    /** Whether every permit is taken, and as many calls wait for one as there are permits. */
    boolean overcrowded() {
        return permits.availablePermits() == 0 && permits.getQueueLength() >= maxConcurrentCalls;
    }

    /** Goes on to {@code next} with a permit that nobody else wants now. */
    Step afterOthers(Supplier<Step> next) {
        if (permits.hasQueuedThreads() || !permits.tryAcquire()) {
            return new Step.BulkheadFull();
        }
        try {
            return next.get();
        } finally {
            permits.release();
        }
    }

    /** Goes on to {@code next} unless the upstream has told this tenant to wait. */
    Step unlessPaused(Supplier<Step> next) {
        return pause.on() ? new Step.Paused() : next.get();
    }

    Breaker breaker() {
        return breaker;
    }

    RetryBudget budget() {
        return budget;
    }

    Pause pause() {
        return pause;
    }
}
