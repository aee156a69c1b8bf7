package io.cancelgateway.twelvelabs;

import java.time.Clock;
import java.time.Duration;
import java.util.Optional;

/** Whether an attempt that failed is made again, and after how long. */
final class RetryDecision {

    private final int maxAttempts;
    private final Backoff backoff;
    private final Clock clock;
    private final Runnable onBudgetExhausted;

    RetryDecision(int maxAttempts, Backoff backoff, Clock clock, Runnable onBudgetExhausted) {
        this.maxAttempts = maxAttempts;
        this.backoff = backoff;
        this.clock = clock;
        this.onBudgetExhausted = onBudgetExhausted;
    }

    /**
     * How long to wait before the next attempt, or empty where there is none.
     *
     * @param made attempts of this request so far, the failed one included
     */
    Optional<Duration> next(Attempt failed, int made, Deadline deadline, RetryBudget budget) {
        // an answer that another attempt would not change
        if (!failed.mayHeal()) {
            return Optional.empty();
        }
        // enough is enough, whatever the time left
        if (made >= maxAttempts) {
            return Optional.empty();
        }
        // the connection died of old age, not the upstream: no reason to wait, and no load to save
        if (failed instanceof Attempt.Reset reset && reset.stale()) {
            return Optional.of(Duration.ZERO);
        }
        // the upstream's own word on when to come back counts where it is longer than ours
        Duration delay = longer(backoff.before(made), retryAfter(failed).orElse(Duration.ZERO));
        // a wait that ends after the deadline is a wasted wait: answer now
        if (delay.compareTo(deadline.left()) >= 0) {
            return Optional.empty();
        }
        // when everything fails, retries must not multiply the load
        if (!budget.tryRetry()) {
            onBudgetExhausted.run();
            return Optional.empty();
        }
        return Optional.of(delay);
    }

    /** What the answer says in {@code Retry-After}, if it is an answer and says it readably. */
    Optional<Duration> retryAfter(Attempt attempt) {
        return attempt instanceof Attempt.Refused refused
                ? RetryAfter.parse(refused.retryAfter(), refused.date(), clock.instant())
                : Optional.empty();
    }

    private static Duration longer(Duration a, Duration b) {
        return a.compareTo(b) > 0 ? a : b;
    }
}
