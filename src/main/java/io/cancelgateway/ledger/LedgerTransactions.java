package io.cancelgateway.ledger;

import java.sql.SQLTimeoutException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.springframework.dao.ConcurrencyFailureException;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** Runs statements in one transaction, and again if another writer interfered: the next try sees that writer's row. */
@Component
public class LedgerTransactions {

    private static final Logger log = LoggerFactory.getLogger(LedgerTransactions.class);

    private static final int TRIES = 5;

    /** H2's {@code LOCK_TIMEOUT_1}. */
    private static final int H2_LOCK_TIMEOUT = 50200;

    private final TransactionTemplate transaction;

    /** Its threads are not waited for at shutdown: one may hang in the database. */
    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("ledger-", 0).factory());

    LedgerTransactions(PlatformTransactionManager transactions) {
        this.transaction = new TransactionTemplate(transactions);
    }

    /**
     * Runs {@code statements} and commits them, in up to 5 tries. They must not use HTTP: a connection and locks are
     * held.
     *
     * @return what they returned
     * @throws DataAccessException if the database fails, or another writer interferes with every try
     * @throws org.springframework.transaction.TransactionException if the database cannot be reached
     */
    public <T> T run(Supplier<T> statements) {
        for (int next = 2; ; next++) {
            try {
                return transaction.execute(status -> statements.get());
            } catch (DataIntegrityViolationException | ConcurrencyFailureException | QueryTimeoutException e) {
                if (next > TRIES || !isConflict(e)) {
                    throw e;
                }
                log.debug("Another writer interfered; try {} of {} begins", next, TRIES);
            }
        }
    }

    /** Whether another writer interfered. A query timeout counts only with H2's code for a lock that was not free. */
    private static boolean isConflict(DataAccessException e) {
        return !(e instanceof QueryTimeoutException)
                || (e.getCause() instanceof SQLTimeoutException timeout && timeout.getErrorCode() == H2_LOCK_TIMEOUT);
    }

    /**
     * Does {@code work} on a thread of its own, and waits for it at most {@code wait}. Work that takes longer is never
     * interrupted: an interrupt would make H2 close its file. It goes on, and may still be committed.
     *
     * @return what the work returned
     * @throws LedgerTimeoutException if the wait is over, or this thread was interrupted
     * @throws RuntimeException what the work threw
     */
    public <T> T within(Duration wait, Supplier<T> work) {
        return within(wait, work, _ -> {});
    }

    /**
     * As {@link #within(Duration, Supplier)}; but what the work returns after the wait is over goes to {@code late}, on
     * the work's thread.
     */
    public <T> T within(Duration wait, Supplier<T> work, Consumer<T> late) {
        // for the trace id in log lines; the whole context of a request would cost more than the thread
        @Nullable Map<String, String> logContext = MDC.getCopyOfContextMap();
        // who completes it first decides whether the result still has somebody who waits for it
        CompletableFuture<T> result = new CompletableFuture<>();
        threads.execute(() -> {
            if (logContext != null) {
                MDC.setContextMap(logContext);
            }
            try {
                T value = work.get();
                if (!result.complete(value)) {
                    late.accept(value);
                }
            } catch (RuntimeException | Error e) {
                result.completeExceptionally(e);
            }
        });
        try {
            return result.get(wait.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            return givenUp(result);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return givenUp(result);
        } catch (ExecutionException e) {
            throw thrownBy(e);
        }
    }

    private static <T> T givenUp(CompletableFuture<T> result) {
        result.completeExceptionally(new LedgerTimeoutException());
        try {
            return result.join(); // it may have come in this moment
        } catch (CompletionException e) {
            throw thrownBy(e);
        }
    }

    private static RuntimeException thrownBy(Exception e) {
        switch (e.getCause()) {
            case RuntimeException failure -> {
                return failure;
            }
            case Error failure -> throw failure;
            case null, default -> {
                return new IllegalStateException(e);
            }
        }
    }
}
