package io.cancelgateway.twelvelabs;

import java.time.Clock;
import java.time.Duration;
import java.util.Optional;

/** Whether an attempt that failed is made again, and after how long. */
final class RetryDecision {

    /** At most this is added to a wait that was told to many; at most half of what the deadline leaves, too. */
    private static final Duration MAX_JITTER = Duration.ofSeconds(1);

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
     * @param made attempts of this request so far, the failed one included, one that only replaced a stale connection not
     */
    Optional<Duration> next(Attempt failed, int made, Deadline deadline, RetryBudget budget) {
        // an answer that another attempt would not change
        if (!failed.retryable()) {
            return Optional.empty();
        }
        // enough is enough, whatever the time left
        if (made >= maxAttempts) {
            return Optional.empty();
        }
        // the upstream's own word on when to come back counts where it is longer than ours; and a wait that ends after
        // the deadline is a wasted wait: answer now
        Duration ours = backoff.before(made);
        Duration theirs = retryAfter(failed).orElse(Duration.ZERO);
        Optional<Duration> delay = theirs.compareTo(ours) > 0
                ? fitting(theirs, deadline)
                : Optional.of(ours).filter(deadline::allows);
        if (delay.isEmpty()) {
            return delay;
        }
        // when everything fails, retries must not multiply the load
        if (!budget.tryRetry()) {
            onBudgetExhausted.run();
            return Optional.empty();
        }
        return delay;
    }

    /**
     * {@code wait} and a little longer, so that those who were told the same do not come back in the same moment; empty
     * where it does not fit the deadline.
     */
    Optional<Duration> fitting(Duration wait, Deadline deadline) {
        Duration spare = deadline.left().minus(wait);
        if (!spare.isPositive()) {
            return Optional.empty();
        }
        Duration half = spare.dividedBy(2);
        return Optional.of(wait.plus(backoff.jitter(half.compareTo(MAX_JITTER) < 0 ? half : MAX_JITTER)));
    }

    /** What the answer says in {@code Retry-After}, if it is an answer and says it readably. */
    Optional<Duration> retryAfter(Attempt attempt) {
        return attempt instanceof Attempt.ErrorStatus error
                ? RetryAfter.parse(error.retryAfter(), error.date(), clock.instant())
                : Optional.empty();
    }
}
