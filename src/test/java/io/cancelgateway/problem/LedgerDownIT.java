package io.cancelgateway.problem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import io.cancelgateway.ledger.LedgerAvailability;
import io.cancelgateway.platform.AuditEvent;
import io.cancelgateway.support.DatabaseProxy;
import io.cancelgateway.support.Databases;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.GatewayLog;
import io.cancelgateway.support.Reply;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.test.context.TestPropertySource;
import tools.jackson.databind.JsonNode;

/** The database is lost after the start, behind something that still accepts connections. */
@TestPropertySource(properties = "spring.datasource.hikari.connection-timeout=500")
class LedgerDownIT extends EndToEnd {

    private static final DatabaseProxy PROXY = DatabaseProxy.before(Databases.postgres());
    private static final String RECORDS = "/v1/cancellations";
    private static final String RECORD = RECORDS + "/68f4ddaf8aaa60d33df0e800";

    @Autowired
    private DataSource dataSource;

    @Autowired
    private LedgerAvailability availability;

    @DynamicPropertySource
    static void database(DynamicPropertyRegistry registry) {
        registry.add("spring.datasource.url", PROXY::address);
    }

    @AfterEach
    void theDatabaseComesBack() {
        PROXY.serve();
        await().atMost(Duration.ofSeconds(40)).until(() -> read(RECORDS).status() == 200);
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
    void aCancelIsForwardedWhereConnectionsAreClosed() throws SQLException {
        PROXY.closeConnections();

        assertForwardedThenWrittenDown(ACME.createBatch().id());
        PROXY.closeConnections();
        emptyPool();
        assertForwardedThenWrittenDown(ACME.createBatch().id());
    }

    @Test
    void aCancelIsForwardedWhereConnectionsHang() {
        PROXY.hang();

        assertForwardedThenWrittenDown(ACME.createBatch().id());
    }

    /** As a primary is that was demoted. */
    @Test
    void aCancelIsForwardedWhereTheDatabaseHasBecomeReadOnly() throws SQLException {
        String id = ACME.createBatch().id();
        readOnly("on");
        try {
            assertForwarded(id);
        } finally {
            readOnly("off");
        }
        awaitWrittenDown(id);
    }

    @Test
    void aProblemTellsThatItIsNotRecorded() {
        String id = ACME.createCompletedBatch().id();
        PROXY.closeConnections();

        Reply reply = cancel(id).isProblem(409, "batch_completed");

        assertThat(reply.header("Cancellation-Recorded")).isEqualTo("false");
        PROXY.serve();
        await().untilAsserted(() -> assertThat(
                        read(RECORDS + "/" + id).json().path("state").asString(""))
                .isEqualTo("completed"));
    }

    @Test
    void anAsynchronousCancelIsRefused() {
        double counted = count("cancel.gateway.cancellations", "tenant", "acme", "outcome", "unavailable");
        PROXY.closeConnections();

        assertRetryAfter(cancel(ACME.createBatch().id(), "x-api-key", TOKEN, "Prefer", "respond-async")
                .isProblem(503, "ledger_unavailable"));

        assertThat(SIMULATOR.requests()).isEmpty();
        assertThat(count("cancel.gateway.cancellations", "tenant", "acme", "outcome", "unavailable"))
                .isEqualTo(counted + 1);
    }

    /** Three cancels have waited in vain; then nobody waits any more, until the database is back. */
    @Test
    void theFourthCancelDoesNotWait() {
        PROXY.hang();
        for (int i = 0; i < 3; i++) {
            assertForwarded(ACME.createBatch().id());
        }
        assertThat(availability.available()).isFalse();

        List<Duration> waits = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            String id = ACME.createBatch().id();
            long start = System.nanoTime();
            assertForwarded(id);
            waits.add(Duration.ofNanos(System.nanoTime() - start));
            assertThat(cancel(id, "x-api-key", TOKEN, "Prefer", "respond-async").isProblem(503, "ledger_unavailable"))
                    .isNotNull();
        }
        assertThat(Collections.min(waits)).isLessThan(Duration.ofMillis(300));
        assertThat(management("/actuator/health/readiness").status()).isEqualTo(200);
        assertThat(management("/actuator/health")
                        .json()
                        .path("components")
                        .path("ledger")
                        .path("status")
                        .stringValue())
                .isEqualTo("DOWN");

        PROXY.serve();
        await().atMost(Duration.ofSeconds(40)).until(availability::available);
        assertThat(cancel(ACME.createBatch().id()).header("Cancellation-Recorded"))
                .isNull();
        assertThat(management("/actuator/health")
                        .json()
                        .path("components")
                        .path("ledger")
                        .path("status")
                        .stringValue())
                .isEqualTo("UP");
    }

    private void assertForwardedThenWrittenDown(String id) {
        assertForwarded(id);
        PROXY.serve();
        awaitWrittenDown(id);
    }

    private void assertForwarded(String id) {
        int sent = SIMULATOR.requests().size();
        double unrecorded = count("cancel.gateway.unrecorded");
        try (GatewayLog log = new GatewayLog(AuditEvent.LOGGER)) {
            Reply reply = cancel(id);

            assertThat(reply.status()).as(reply.text()).isEqualTo(202);
            assertThat(reply.header("Cancellation-Recorded")).isEqualTo("false");
            assertThat(log.events())
                    .filteredOn(event -> event.getFormattedMessage().contains("without a record"))
                    .singleElement()
                    .satisfies(event -> assertThat(event.getKeyValuePairs().toString())
                            .contains(id, "acme", "billing", "received_at", "recorded=\"false\"", "accepted"));
        }
        assertThat(SIMULATOR.requests()).hasSize(sent + 1);
        assertThat(count("cancel.gateway.unrecorded")).isEqualTo(unrecorded + 1);
    }

    private void awaitWrittenDown(String id) {
        await().atMost(Duration.ofSeconds(40)).untilAsserted(() -> {
            JsonNode record = read(RECORDS + "/" + id).json();
            assertThat(record.path("state").asString("")).isEqualTo("canceling");
            assertThat(record.path("attempts").intValue()).isEqualTo(1);
            assertThat(record.path("requests").size()).isEqualTo(1);
            assertThat(record.path("requests").path(0).path("outcome").asString(""))
                    .isEqualTo("accepted");
        });
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
