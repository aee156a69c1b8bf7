package io.cancelgateway.ledger;

import java.sql.SQLTimeoutException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
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
}
