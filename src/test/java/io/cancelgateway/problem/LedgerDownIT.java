package io.cancelgateway.problem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import io.cancelgateway.support.DatabaseProxy;
import io.cancelgateway.support.Databases;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.GatewayLog;
import io.cancelgateway.support.Reply;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.test.context.TestPropertySource;

/** The database is lost after the start, behind something that still accepts connections. */
@TestPropertySource(properties = "spring.datasource.hikari.connection-timeout=500")
class LedgerDownIT extends EndToEnd {

    private static final DatabaseProxy PROXY = DatabaseProxy.before(Databases.postgres());
    private static final String RECORDS = "/v1/cancellations";
    private static final String RECORD = RECORDS + "/68f4ddaf8aaa60d33df0e800";

    @Autowired
    private DataSource dataSource;

    @DynamicPropertySource
    static void database(DynamicPropertyRegistry registry) {
        registry.add("spring.datasource.url", PROXY::address);
    }

    @AfterEach
    void theDatabaseComesBack() {
        PROXY.serve();
        await().until(() -> read(RECORDS).status() == 200);
    }

    @ParameterizedTest
    @ValueSource(strings = {RECORDS, RECORD})
    void aReadIs503WhereConnectionsAreClosed(String path) throws SQLException {
        PROXY.closeConnections();

        assertUnavailable(path);
        emptyPool();
        assertUnavailable(path);
    }

    @ParameterizedTest
    @ValueSource(strings = {RECORDS, RECORD})
    void aReadIs503WhereConnectionsHang(String path) {
        PROXY.hang();

        assertUnavailable(path);
    }

    /** Without a connection a transaction does not begin, which ends in an {@code EOFException} too. */
    @Test
    void aCancelIsNeverAnEmptyAnswer() throws SQLException {
        String id = ACME.createBatch().id();
        double counted = count("cancel.gateway.cancellations", "tenant", "acme", "outcome", "unavailable");
        PROXY.closeConnections();

        assertRetryAfter(cancel(id).isProblem(503, "ledger_unavailable"));
        emptyPool();
        assertRetryAfter(cancel(id).isProblem(503, "ledger_unavailable"));

        assertThat(SIMULATOR.requests()).isEmpty();
        assertThat(count("cancel.gateway.cancellations", "tenant", "acme", "outcome", "unavailable"))
                .isEqualTo(counted + 2);
    }

    /** As a primary is that was demoted. */
    @Test
    void aCancelIs503WhereTheDatabaseHasBecomeReadOnly() throws SQLException {
        readOnly("on");
        try {
            assertRetryAfter(cancel(ACME.createBatch().id()).isProblem(503, "ledger_unavailable"));
        } finally {
            readOnly("off");
        }
    }

    private void readOnly(String onOrOff) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("SET default_transaction_read_only = off");
            statement.execute(
                    "ALTER DATABASE " + connection.getCatalog() + " SET default_transaction_read_only = " + onOrOff);
        }
        // its connections go, and new ones come, which are as the database is now
        dataSource.unwrap(HikariDataSource.class).getHikariPoolMXBean().softEvictConnections();
    }

    private void assertUnavailable(String path) {
        try (GatewayLog log = new GatewayLog("io.cancelgateway.problem")) {
            assertRetryAfter(read(path).isProblem(503, "ledger_unavailable"));

            assertThat(log.events()).hasSize(1).allSatisfy(LedgerDownIT::assertTellsTheRootCause);
        }
    }

    private static void assertRetryAfter(Reply reply) {
        assertThat(reply.header("Retry-After")).isEqualTo("1");
    }

    private void emptyPool() throws SQLException {
        HikariPoolMXBean pool = dataSource.unwrap(HikariDataSource.class).getHikariPoolMXBean();
        pool.softEvictConnections();
        await().until(() -> pool.getTotalConnections() == 0);
    }

    private static void assertTellsTheRootCause(ILoggingEvent event) {
        assertThat(event.getLevel()).isEqualTo(Level.WARN);
        assertThat(event.getThrowableProxy()).isNull();
        assertThat(event.getFormattedMessage())
                .contains("ledger_unavailable")
                .containsPattern(": [a-z.]+\\.\\w+Exception");
    }

    private Reply read(String path) {
        return send("GET", path, "x-api-key", TOKEN);
    }
}
