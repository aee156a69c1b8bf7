package io.cancelgateway.ledger;

import java.sql.SQLTimeoutException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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

/** Runs a few statements as one; again where another writer came in between, so that the second time finds its row. */
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
     * What {@code statements} return, once they are committed. No HTTP in here: a connection and locks are held.
     *
     * @throws DataAccessException where the database fails, or always has another writer
     * @throws org.springframework.transaction.TransactionException where it cannot be reached
     */
    public <T> T run(Supplier<T> statements) {
        for (int next = 2; ; next++) {
            try {
                return transaction.execute(status -> statements.get());
            } catch (DataIntegrityViolationException | ConcurrencyFailureException | QueryTimeoutException e) {
                if (next > TRIES || !isOfAnotherWriter(e)) {
                    throw e;
                }
                log.debug("Another writer was faster, try {} of {}", next, TRIES);
            }
        }
    }

    /** A query timeout is so only where it is H2's way to say that a lock was not to be had in time. */
    private static boolean isOfAnotherWriter(DataAccessException e) {
        return !(e instanceof QueryTimeoutException)
                || (e.getCause() instanceof SQLTimeoutException timeout && timeout.getErrorCode() == H2_LOCK_TIMEOUT);
    }

    /**
     * Does {@code work} on a thread of its own, and waits for it no longer than {@code wait}. Work that takes longer is
     * abandoned, but never interrupted: an interrupt would make H2 close its file. It goes on, and may still be committed.
     *
     * @throws LedgerTimeoutException where the wait is over
     */
    public <T> T within(Duration wait, Supplier<T> work) {
        // for the trace id in log lines; the whole context of a request would cost more than the thread
        @Nullable Map<String, String> logContext = MDC.getCopyOfContextMap();
        Future<T> running = threads.submit(() -> {
            if (logContext != null) {
                MDC.setContextMap(logContext);
            }
            return work.get();
        });
        try {
            return running.get(wait.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new LedgerTimeoutException();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LedgerTimeoutException();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException failure -> throw failure;
                case Error failure -> throw failure;
                case null, default -> throw new IllegalStateException(e);
            }
        }
    }
}
