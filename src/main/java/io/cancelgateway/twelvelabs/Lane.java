package io.cancelgateway.twelvelabs;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * One tenant's way to the upstream. Bulkhead, pause, tenant breaker and retry budget are the tenant's own, so that one
 * tenant's trouble does not become another's. Only the upstream breaker is shared by all. Each replica keeps its own.
 * Safe for use by many threads.
 */
final class Lane {

    private final Bulkhead bulkhead;
    private final Pause pause;
    private final Breaker tenantBreaker;
    private final Breaker upstreamBreaker;
    private final RetryBudget budget;

    Lane(Bulkhead bulkhead, Pause pause, Breaker tenantBreaker, Breaker upstreamBreaker, RetryBudget budget) {
        this.bulkhead = bulkhead;
        this.pause = pause;
        this.tenantBreaker = tenantBreaker;
        this.upstreamBreaker = upstreamBreaker;
        this.budget = budget;
    }

    /**
     * Makes one attempt, unless something is in its way. The order is always the same: bulkhead, pause, tenant breaker,
     * upstream breaker, attempt.
     *
     * <p>The pause comes after the bulkhead, so that a call which waited for its permit notices a pause that began in
     * the meantime. The tenant breaker comes before the upstream breaker, so that a call that it refuses takes none of
     * the upstream breaker's probes. The permit is held for this one attempt only.
     */
    Step attempt(Priority priority, Deadline deadline, Supplier<Attempt> attempt) throws InterruptedException {
        if (!bulkhead.tryAcquire(priority, deadline)) {
            return new Step.BulkheadFull();
        }
        try {
            // the permit came too late
            if (deadline.reached()) {
                return new Step.BulkheadFull();
            }
            if (pause.on()) {
                return paused();
            }
            return tenantBreaker.execute(() -> upstreamBreaker.execute(() -> new Step.Made(attempt.get())));
        } finally {
            bulkhead.release(priority);
        }
    }

    /**
     * Why no attempt can be made before the deadline, or empty where one may be. Only reads: it takes no permit, no
     * probe of a breaker and no retry from the budget.
     *
     * <p>The checks are in the order of how much is known. A pause comes first: the upstream itself named its end. An
     * open breaker has a known end too; the tenant's is checked before the upstream's, as in an attempt. A full
     * bulkhead comes last, although an attempt meets it first: a permit may be free in a moment, and in an outage the
     * permits are taken because of the outage, so its answer would hide the reason.
     */
    Optional<DoorRefusal> refusal(Deadline deadline) {
        if (!deadline.allows(pause.left())) {
            return refusal(RefusalReason.PAUSED, paused());
        }
        Optional<Duration> tenantOpen = tenantBreaker.openFor();
        if (tenantOpen.isPresent()) {
            return refusal(RefusalReason.TENANT_BREAKER, tenantBreaker.open(tenantOpen.get()));
        }
        Optional<Duration> upstreamOpen = upstreamBreaker.openFor();
        if (upstreamOpen.isPresent()) {
            return refusal(RefusalReason.UPSTREAM_BREAKER, upstreamBreaker.open(upstreamOpen.get()));
        }
        return bulkhead.queueFull() ? refusal(RefusalReason.BULKHEAD, new Step.BulkheadFull()) : Optional.empty();
    }

    private static Optional<DoorRefusal> refusal(RefusalReason reason, Step.NotMade notMade) {
        return Optional.of(new DoorRefusal(reason, Answers.of(notMade)));
    }

    private Step.Paused paused() {
        return new Step.Paused(pause.left(), pause.retryAfter());
    }

    Bulkhead bulkhead() {
        return bulkhead;
    }

    Pause pause() {
        return pause;
    }

    Breaker tenantBreaker() {
        return tenantBreaker;
    }

    RetryBudget budget() {
        return budget;
    }
}
