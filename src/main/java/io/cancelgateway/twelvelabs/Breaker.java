package io.cancelgateway.twelvelabs;

import io.cancelgateway.platform.Ticker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A circuit breaker that counts attempts by how they ended, and knows when it lets calls through again. Safe for use by
 * many threads.
 */
final class Breaker {

    private static final Logger log = LoggerFactory.getLogger(Breaker.class);

    /** How a breaker counts an attempt. */
    enum Verdict {
        SUCCESS,
        FAILURE,
        /** The attempt does not count. It gives its permission back, so that another call may probe. */
        IGNORED
    }

    /** What callers are told while the breaker is half-open and all its probes are under way: they end soon. */
    private static final Duration RETRY_AFTER_WHILE_PROBING = Duration.ofSeconds(1);

    private final CircuitBreaker breaker;
    private final Function<Attempt, Verdict> classifier;
    private final RefusalReason reason;
    private final Ticker ticker;

    /** Attempts under way that were let through as probes of the half-open breaker. */
    private final AtomicInteger probes = new AtomicInteger();

    private volatile long halfOpenAt;

    Breaker(CircuitBreaker breaker, Function<Attempt, Verdict> classifier, RefusalReason reason, Ticker ticker) {
        this.breaker = breaker;
        this.classifier = classifier;
        this.reason = reason;
        this.ticker = ticker;
        breaker.getEventPublisher().onStateTransition(event -> {
            State state = event.getStateTransition().getToState();
            if (state == State.OPEN) {
                long wait = breaker.getCircuitBreakerConfig()
                        .getWaitIntervalFunctionInOpenState()
                        .apply(1);
                halfOpenAt = ticker.nanos() + TimeUnit.MILLISECONDS.toNanos(wait);
            }
            log.atInfo()
                    .addKeyValue("breaker", breaker.getName())
                    .addKeyValue("state", state.name().toLowerCase(Locale.ROOT))
                    .log("Circuit breaker {} is {} now", breaker.getName(), state);
        });
    }

    /** One tenant's breaker. */
    static Breaker ofTenant(CircuitBreaker breaker, Ticker ticker) {
        return new Breaker(breaker, Breaker::tenantVerdict, RefusalReason.TENANT_BREAKER, ticker);
    }

    /** The breaker that all tenants share. */
    static Breaker ofUpstream(CircuitBreaker breaker, Ticker ticker) {
        return new Breaker(breaker, Breaker::upstreamVerdict, RefusalReason.UPSTREAM_BREAKER, ticker);
    }

    /**
     * A tenant's breaker counts what one account alone can cause: 500s, and attempts that were sent and not answered.
     */
    static Verdict tenantVerdict(Attempt attempt) {
        return switch (attempt) {
            // the connection died while it was idle: this says nothing about the account
            case Attempt.Reset(boolean stale) -> stale ? Verdict.IGNORED : Verdict.FAILURE;
            case Attempt.TimedOut _ -> Verdict.FAILURE;
            case Attempt.ErrorStatus error when error.status() == 500 -> Verdict.FAILURE;
            default -> verdictOfResponse(attempt);
        };
    }

    /** The upstream's breaker counts what concerns every account: connection failures, 502, 503 and 504. */
    static Verdict upstreamVerdict(Attempt attempt) {
        return switch (attempt) {
            case Attempt.NotSent notSent -> notSent.connectionFailure() ? Verdict.FAILURE : Verdict.IGNORED;
            case Attempt.ErrorStatus error when error.status() >= 502 && error.status() <= 504 -> Verdict.FAILURE;
            default -> verdictOfResponse(attempt);
        };
    }

    /** A readable success and any 4xx show that the upstream works. Nothing else does. */
    private static Verdict verdictOfResponse(Attempt attempt) {
        return switch (attempt) {
            case Attempt.Success _ -> Verdict.SUCCESS;
            case Attempt.ErrorStatus error when error.status() / 100 == 4 -> Verdict.SUCCESS;
            default -> Verdict.IGNORED;
        };
    }

    /** Runs {@code next} and counts the attempt that it made, unless the breaker is open: then nothing is run. */
    Step execute(Supplier<Step> next) {
        if (!breaker.tryAcquirePermission()) {
            return open(openFor().orElse(RETRY_AFTER_WHILE_PROBING));
        }
        boolean probe = breaker.getState() == State.HALF_OPEN;
        if (probe) {
            probes.incrementAndGet();
        }
        long start = breaker.getCurrentTimestamp();
        Verdict verdict = Verdict.IGNORED;
        try {
            Step step = next.get();
            // where the next breaker is open, no attempt was made that could count
            verdict = step instanceof Step.Made(Attempt attempt) ? classifier.apply(attempt) : Verdict.IGNORED;
            return step;
        } finally {
            count(verdict, breaker.getCurrentTimestamp() - start);
            if (probe) {
                probes.decrementAndGet();
            }
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

    /** Why no call is made while the breaker is open, for so long. */
    Step.BreakerOpen open(Duration retryAfter) {
        return new Step.BreakerOpen(retryAfter, reason);
    }

    /**
     * How long the breaker lets no call through; empty where it may let the next one through: it is closed, about to
     * be half-open, or half-open with a probe left.
     */
    Optional<Duration> openFor() {
        return switch (breaker.getState()) {
            case OPEN -> {
                long left = halfOpenAt - ticker.nanos();
                yield left > 0 ? Optional.of(Duration.ofNanos(left)) : Optional.empty();
            }
            case HALF_OPEN -> probeLeft() ? Optional.empty() : Optional.of(RETRY_AFTER_WHILE_PROBING);
            default -> Optional.empty();
        };
    }

    private boolean probeLeft() {
        int made = breaker.getMetrics().getNumberOfBufferedCalls();
        return made + probes.get() < breaker.getCircuitBreakerConfig().getPermittedNumberOfCallsInHalfOpenState();
    }

    State state() {
        return breaker.getState();
    }

    /** Resilience4j wants an exception for each failure. What happened is in the attempt. */
    private static final class AttemptFailedException extends RuntimeException {

        private static final long serialVersionUID = 1L;
        private static final AttemptFailedException INSTANCE = new AttemptFailedException();

        private AttemptFailedException() {
            super("attempt failed", null, false, false);
        }
    }
}
