package io.cancelgateway.ledger;

import io.cancelgateway.platform.Ticker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Whether it makes sense to wait for the ledger: a circuit breaker that opens after three failed writes in a row. While
 * it is open, one write every second tries whether the database is back, and closes it. Nobody who writes needs to be
 * that one. Safe for use by many threads.
 */
public class LedgerAvailability implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(LedgerAvailability.class);

    private static final int FAILURES_IN_A_ROW = 3;
    private static final Duration BETWEEN_PROBES = Duration.ofSeconds(1);

    private final JdbcClient jdbc;
    private final Ticker ticker;
    private final CircuitBreaker breaker = CircuitBreaker.of(
            "ledger",
            CircuitBreakerConfig.custom()
                    .slidingWindow(FAILURES_IN_A_ROW, FAILURES_IN_A_ROW, SlidingWindowType.COUNT_BASED)
                    .failureRateThreshold(100)
                    // the probe closes it
                    .waitDurationInOpenState(Duration.ofDays(365))
                    .build());
    private final AtomicBoolean probing = new AtomicBoolean();
    private final ExecutorService prober = Executors.newSingleThreadExecutor(
            Thread.ofVirtual().name("ledger-probe").factory());

    private final AtomicReference<@Nullable Throwable> lastCause = new AtomicReference<>();

    /** When the newest wait that was in vain was over, and counted. */
    private final AtomicLong lastInVain;

    private volatile boolean closed;

    LedgerAvailability(JdbcClient jdbc, Ticker ticker) {
        this.jdbc = jdbc;
        this.ticker = ticker;
        this.lastInVain = new AtomicLong(ticker.nanos());
    }

    /** Whether the database took one of the last three writes. */
    public boolean available() {
        return breaker.getState() != State.OPEN;
    }

    /** Notes that a write was committed. */
    public void succeeded() {
        if (available()) {
            breaker.onSuccess(0, TimeUnit.NANOSECONDS);
        }
    }

    /**
     * Notes that a write failed because of the database.
     *
     * @param cause what it failed with; several writes that fail with the same are one failure, that of their group
     */
    public void failed(Throwable cause) {
        if (lastCause.getAndSet(cause) != cause) {
            failed();
        }
    }

    /**
     * Notes that a write was waited for in vain. Waits that overlap are one failure: it may be one slow commit that all
     * of them waited for.
     *
     * @param begun when the wait began, by the {@link Ticker}
     */
    public void failed(long begun) {
        long now = ticker.nanos();
        long last = lastInVain.getAndUpdate(before -> begun - before < 0 ? before : now);
        if (begun - last >= 0) {
            failed();
        }
    }

    private void failed() {
        if (!available()) {
            return;
        }
        breaker.onError(0, TimeUnit.NANOSECONDS, WriteFailedException.INSTANCE);
        if (!available() && !closed && probing.compareAndSet(false, true)) {
            log.error("The ledger's database does not answer. Synchronous cancels are forwarded without a record"
                    + " until it does; asynchronous ones and reads of records get 503 ledger_unavailable");
            prober.execute(this::probeUntilBack);
        }
    }

    private void probeUntilBack() {
        while (!closed) {
            LockSupport.parkNanos(BETWEEN_PROBES.toNanos());
            if (takesAWrite()) {
                log.warn("The ledger's database answers again");
                probing.set(false); // before the breaker closes, so that the next one to open it can probe
                breaker.transitionToClosedState();
                return;
            }
        }
    }

    /** A write that changes no row. A database that became read-only refuses it, too. */
    private boolean takesAWrite() {
        try {
            jdbc.sql("UPDATE item_total SET canceled = canceled WHERE tenant = ''")
                    .update();
            return true;
        } catch (RuntimeException | Error e) {
            log.debug("The ledger's database still does not answer: {}", e.toString());
            return false;
        }
    }

    /** Does not interrupt a probe: an interrupt would make H2 close its file. */
    @Override
    public void close() {
        closed = true;
        prober.shutdown();
    }

    /** Resilience4j wants an exception for each failure. */
    private static final class WriteFailedException extends RuntimeException {

        private static final long serialVersionUID = 1L;
        private static final WriteFailedException INSTANCE = new WriteFailedException();

        private WriteFailedException() {
            super("write failed", null, false, false);
        }
    }
}
