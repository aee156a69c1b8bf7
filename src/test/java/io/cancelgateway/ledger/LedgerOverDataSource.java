package io.cancelgateway.ledger;

import java.time.Instant;
import javax.sql.DataSource;
import org.springframework.jdbc.core.simple.JdbcClient;

/** A ledger without the application around it, and its one statement that others do not see. */
public record LedgerOverDataSource(Ledger ledger, LedgerQueries queries) {

    public LedgerOverDataSource(DataSource database) {
        this(new Ledger(JdbcClient.create(database)), new LedgerQueries(JdbcClient.create(database)));
    }

    public int deleteFinishedBefore(Instant before, int limit) {
        return ledger.deleteFinishedBefore(before, limit);
    }
}
