package io.cancelgateway.twelvelabs;

import java.time.Clock;
import java.time.Duration;
import java.util.Optional;

/** Decides whether a failed attempt is retried, and after which delay. */
final class RetryDecision {

    /** The most that is added to a wait which many callers were told. */
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
     * The delay before the next attempt, or empty where there is none.
     *
     * @param made how many attempts this call has made, the failed one included; one that was replaced at once because
     *     its connection was stale does not count
     */
    Optional<Duration> delayBeforeRetry(Attempt failed, int made, Deadline deadline, RetryBudget budget) {
        // only transient failures: any other answer would be the same next time
        if (!failed.retryable()) {
            return Optional.empty();
        }
        // the number of attempts is limited, however much time is left
        if (made >= maxAttempts) {
            return Optional.empty();
        }
        // the upstream's Retry-After wins where it is longer than our backoff; where neither fits the deadline, waiting
        // would be in vain and the caller gets the answer now
        Duration backedOff = backoff.before(made);
        Duration retryAfter = retryAfter(failed).orElse(Duration.ZERO);
        Optional<Duration> delay = retryAfter.compareTo(backedOff) > 0
                ? withJitter(retryAfter, deadline)
                : Optional.of(backedOff).filter(deadline::allows);
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
     * A wait that many callers were told, plus jitter, so that they do not all come back at the same moment; empty
     * where the wait does not fit the deadline. The jitter takes at most half of the time that the wait leaves.
     */
    Optional<Duration> withJitter(Duration wait, Deadline deadline) {
        Duration spare = deadline.left().minus(wait);
        if (!spare.isPositive()) {
            return Optional.empty();
        }
        Duration half = spare.dividedBy(2);
        return Optional.of(wait.plus(backoff.jitter(half.compareTo(MAX_JITTER) < 0 ? half : MAX_JITTER)));
    }

    /** The {@code Retry-After} of the response; empty where there is no response, or none that can be read. */
    Optional<Duration> retryAfter(Attempt attempt) {
        return attempt instanceof Attempt.ErrorStatus error
                ? RetryAfter.parse(error.retryAfter(), error.date(), clock.instant())
                : Optional.empty();
    }
}
