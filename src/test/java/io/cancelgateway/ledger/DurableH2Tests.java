package io.cancelgateway.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DurableH2Tests {

    @ParameterizedTest
    @CsvSource({
        "jdbc:h2:file:./data/ledger, jdbc:h2:file:./data/ledger;WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE",
        "jdbc:h2:mem:x;write_delay=10, jdbc:h2:mem:x;write_delay=10;DB_CLOSE_ON_EXIT=FALSE",
        "jdbc:h2:mem:x;DB_CLOSE_ON_EXIT=TRUE, jdbc:h2:mem:x;DB_CLOSE_ON_EXIT=TRUE;WRITE_DELAY=0",
        "jdbc:postgresql://db/ledger, jdbc:postgresql://db/ledger"
    })
    void anAddressOfH2GetsWhatKeepsItsCommits(String given, String used) {
        try (HikariDataSource pool = new HikariDataSource()) {
            pool.setJdbcUrl(given);

            new DurableH2().postProcessBeforeInitialization(pool, "dataSource");

            assertThat(pool.getJdbcUrl()).isEqualTo(used);
        }
    }
}
