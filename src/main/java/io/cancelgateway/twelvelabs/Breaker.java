package io.cancelgateway.twelvelabs;

import io.cancelgateway.platform.Ticker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;

/** A circuit breaker that counts attempts by what became of them, and knows when it lets calls through again. */
final class Breaker {

    /** What an attempt says about the thing that a breaker guards. */
    enum Verdict {
        SUCCESS,
        FAILURE,
        /** Nothing: the call does not count, and gives back its permission. */
        IGNORED
    }

    /** Half-open, with every probe on its way: the next moment may tell. */
    private static final Duration SOON = Duration.ofSeconds(1);

    private final CircuitBreaker breaker;
    private final Function<Attempt, Verdict> judge;
    private final Ticker ticker;

    private volatile long halfOpenAt;

    Breaker(CircuitBreaker breaker, Function<Attempt, Verdict> judge, Ticker ticker) {
        this.breaker = breaker;
        this.judge = judge;
        this.ticker = ticker;
        breaker.getEventPublisher().onStateTransition(event -> {
            if (event.getStateTransition().getToState() == State.OPEN) {
                long wait = breaker.getCircuitBreakerConfig()
                        .getWaitIntervalFunctionInOpenState()
                        .apply(1);
                halfOpenAt = ticker.nanos() + TimeUnit.MILLISECONDS.toNanos(wait);
            }
        });
    }

    /**
     * What a tenant's breaker counts: its 500s and its attempts sent without an answer. One account's trouble, not the
     * upstream's.
     */
    static Verdict ofTenant(Attempt attempt) {
        return switch (attempt) {
            // a connection that died while it was idle says nothing about the account
            case Attempt.Reset(boolean stale) -> stale ? Verdict.IGNORED : Verdict.FAILURE;
            case Attempt.TimedOut _ -> Verdict.FAILURE;
            case Attempt.ErrorStatus error when error.status() == 500 -> Verdict.FAILURE;
            default -> ofAnswer(attempt);
        };
    }

    /** What the upstream's breaker counts: connection failures, 502, 503, 504. */
    static Verdict ofUpstream(Attempt attempt) {
        return switch (attempt) {
            // where time ran out here, our own connections may have been too few; and a dead one says nothing
            case Attempt.NotSent notSent -> notSent.harmless() ? Verdict.IGNORED : Verdict.FAILURE;
            case Attempt.ErrorStatus error when error.status() >= 502 && error.status() <= 504 -> Verdict.FAILURE;
            default -> ofAnswer(attempt);
        };
    }

    /** A readable success and a 4xx are answers; nothing else proves health. */
    private static Verdict ofAnswer(Attempt attempt) {
        return switch (attempt) {
            case Attempt.Success _ -> Verdict.SUCCESS;
            case Attempt.ErrorStatus error when error.status() / 100 == 4 -> Verdict.SUCCESS;
            default -> Verdict.IGNORED;
        };
    }

    /** Goes on to {@code next} unless the breaker is open, and counts what comes back. */
    Step guard(Supplier<Step> next) {
        if (!breaker.tryAcquirePermission()) {
            return new Step.BreakerOpen(openFor().orElse(SOON));
        }
        long start = breaker.getCurrentTimestamp();
        Verdict verdict = Verdict.IGNORED;
        try {
            Step step = next.get();
            // what a breaker or bulkhead further in refused says nothing about this one
            verdict = step instanceof Step.Made(Attempt attempt) ? judge.apply(attempt) : Verdict.IGNORED;
            return step;
        } finally {
            count(verdict, breaker.getCurrentTimestamp() - start);
        }
    }

    private void count(Verdict verdict, long duration) {
        TimeUnit unit = breaker.getTimestampUnit();
        switch (verdict) {
            case SUCCESS -> breaker.onSuccess(duration, unit);
            case FAILURE -> breaker.onError(duration, unit, AttemptFailedException.INSTANCE);
            case IGNORED -> breaker.releasePermission();
        }
    }

    /** How long until calls are let through again; empty where the next call may be: closed, half-open, or about to be. */
    Optional<Duration> openFor() {
        long left = halfOpenAt - ticker.nanos();
        return breaker.getState() == State.OPEN && left > 0 ? Optional.of(Duration.ofNanos(left)) : Optional.empty();
    }

    State state() {
        return breaker.getState();
    }

    /** The breaker wants an exception; what happened is in the attempt. */
    private static final class AttemptFailedException extends RuntimeException {

        private static final long serialVersionUID = 1L;
        private static final AttemptFailedException INSTANCE = new AttemptFailedException();

        private AttemptFailedException() {
            super("attempt failed", null, false, false);
        }
    }
}
