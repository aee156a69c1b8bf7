package io.cancelgateway.ledger;

import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.ConcurrencyFailureException;
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

    private final TransactionTemplate transaction;

    LedgerTransactions(PlatformTransactionManager transactions) {
        this.transaction = new TransactionTemplate(transactions);
    }

    /**
     * What {@code statements} return, once they are committed. No HTTP in here: a connection and locks are held.
     *
     * @throws org.springframework.dao.DataAccessException where the database fails, or always has another writer
     */
    public <T> T run(Supplier<T> statements) {
        for (int next = 2; ; next++) {
            try {
                return transaction.execute(status -> statements.get());
            } catch (DataIntegrityViolationException | ConcurrencyFailureException | QueryTimeoutException e) {
                if (next > TRIES) {
                    throw e;
                }
                // the last is how H2 says that a lock was not to be had in time
                log.debug("Another writer was faster, try {} of {}", next, TRIES);
            }
        }
    }
}
