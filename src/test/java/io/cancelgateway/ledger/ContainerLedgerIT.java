package io.cancelgateway.ledger;

import io.cancelgateway.support.NeedsDocker;
import io.cancelgateway.support.TestRun;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;
import org.testcontainers.postgresql.PostgreSQLContainer;

/** PostgreSQL as it is deployed. */
@NeedsDocker
@Testcontainers
class ContainerLedgerIT extends LedgerContract {

    @Container
    private static final PostgreSQLContainer POSTGRES =
            new PostgreSQLContainer("postgres:18").withLabels(TestRun.LABELS);

    @Override
    String address() {
        return POSTGRES.getJdbcUrl() + "&user=" + POSTGRES.getUsername() + "&password=" + POSTGRES.getPassword();
    }
}
