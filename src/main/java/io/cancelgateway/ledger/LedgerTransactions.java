package io.cancelgateway.ledger;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.springframework.dao.ConcurrencyFailureException;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionException;
import org.springframework.transaction.support.TransactionTemplate;

/** Runs statements in one transaction, and again if another writer interfered: the next try sees that writer's row. */
@Component
public class LedgerTransactions {

    private static final Logger log = LoggerFactory.getLogger(LedgerTransactions.class);

    private static final int TRIES = 5;

    /** Up to the 300 ms that a request waits at most, and beyond. */
    private static final Duration[] COMMIT_BUCKETS = {
        Duration.ofMillis(1),
        Duration.ofMillis(2),
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(30),
        Duration.ofMillis(100),
        Duration.ofMillis(300),
        Duration.ofSeconds(1),
        Duration.ofSeconds(5)
    };

    /** H2's {@code LOCK_TIMEOUT_1}. */
    private static final int H2_LOCK_TIMEOUT = 50200;

    /** PostgreSQL's {@code lock_not_available}. */
    private static final String POSTGRES_LOCK_TIMEOUT = "55P03";

    private final TransactionTemplate transaction;
    private final Timer commits;

    /** Its threads are not waited for at shutdown: one may hang in the database. */
    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("ledger-", 0).factory());

    LedgerTransactions(PlatformTransactionManager transactions, MeterRegistry registry) {
        this.transaction = new TransactionTemplate(transactions);
        this.commits = Timer.builder("cancel.gateway.ledger.commit")
                .description("How long a transaction of the ledger takes, from its begin to its commit")
                .serviceLevelObjectives(COMMIT_BUCKETS)
                .register(registry);
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
                return timed(() -> transaction.execute(status -> statements.get()));
            } catch (DataAccessException e) {
                if (next > TRIES || !isAboutRows(e)) {
                    throw e;
                }
                log.debug("Another writer interfered; try {} of {} begins", next, TRIES);
            }
        }
    }

    /** Measures a transaction. One that fails is not measured: its time says nothing about a commit. */
    <T> T timed(Supplier<T> committing) {
        Timer.Sample sample = Timer.start();
        T result = committing.get();
        sample.stop(commits);
        return result;
    }

    /** Runs {@code statements}, and takes back what they did. */
    <T> T rehearse(Supplier<T> statements) {
        return transaction.execute(status -> {
            status.setRollbackOnly();
            return statements.get();
        });
    }

    /**
     * Whether a failure is about the rows that were written, and not about the database: another writer interfered, a
     * lock was not free, or a value does not fit. The transaction was rolled back then.
     */
    static boolean isAboutRows(Throwable failure) {
        return failure instanceof DataAccessException e
                && (e instanceof DataIntegrityViolationException
                        || e instanceof ConcurrencyFailureException
                        || isLockTimeout(e.getCause()));
    }

    /** Whether a failure says that the database cannot be reached, so that the next statement would fail likewise. */
    static boolean isUnreachable(Throwable failure) {
        return failure instanceof TransactionException || failure instanceof DataAccessResourceFailureException;
    }

    private static boolean isLockTimeout(@Nullable Throwable cause) {
        return cause instanceof SQLException e
                && (e.getErrorCode() == H2_LOCK_TIMEOUT || POSTGRES_LOCK_TIMEOUT.equals(e.getSQLState()));
    }

    /** As {@link #run}, on a thread of its own. Does not block. */
    public <T> PendingWrite<T> begin(Supplier<T> statements) {
        PendingWrite<T> write = new PendingWrite<>();
        // for the trace id in log lines; the whole context of a request would cost more than the thread
        @Nullable Map<String, String> logContext = MDC.getCopyOfContextMap();
        threads.execute(() -> {
            if (logContext != null) {
                MDC.setContextMap(logContext);
            }
            try {
                write.committed(run(statements));
            } catch (RuntimeException | Error e) {
                write.failed(e);
            }
        });
        return write;
    }
}
