package io.cancelgateway.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.Databases;
import io.cancelgateway.support.TestGateway;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationVersion;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UpgradeIT {

    private static final String BATCH = "68f4ddaf8aaa60d33df0e8aa";

    @TempDir
    private Path directory;

    private static FluentConfiguration schema(String database) {
        return Flyway.configure().dataSource(database, null, null);
    }

    private String database(String vendor) {
        return vendor.equals("h2") ? Databases.h2(directory) : Databases.postgres();
    }

    @ParameterizedTest
    @ValueSource(strings = {"h2", "postgresql"})
    void aDatabaseWrittenByThePreviousVersionOfTheSchemaMigrates(String vendor) throws Exception {
        String database = database(vendor);
        MigrationVersion[] versions = Arrays.stream(
                        schema(database).load().info().all())
                .map(MigrationInfo::getVersion)
                .toArray(MigrationVersion[]::new);
        schema(database).target(versions[versions.length - 2]).load().migrate();
        try (Connection connection = DriverManager.getConnection(database);
                Statement statement = connection.createStatement()) {
            statement.execute("""
                    INSERT INTO cancellation (tenant, batch_id, life, state, asynchronous, requested_by, requested_at,
                        finished_at, deadline_at, attempts, ambiguous, final_canceled_items)
                    VALUES ('acme', '%s', 1, 'canceled', false, 'billing',
                        TIMESTAMP WITH TIME ZONE '2026-01-01 00:00:00+00',
                        CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, 1, false, 70)
                    """.formatted(BATCH));
        }

        try (TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC());
                TestGateway gateway = start(database, simulator)) {
            assertThat(gateway.record(BATCH).at("/counts_final/canceled_items").intValue())
                    .isEqualTo(70);
            assertCancelsAndFollows(gateway, simulator);
        }
        assertThat(schema(database).load().info().pending()).isEmpty();
    }

    @Test
    void anOlderReplicaWorksBesideANewerOneThatHasExpandedTheSchema() throws Exception {
        String database = Databases.postgres();
        try (TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC());
                TestGateway older = start(database, simulator)) {
            expand(database);
            assertCancelsAndFollows(older, simulator);
            try (TestGateway olderAndRestarted = start(database, simulator)) {
                assertCancelsAndFollows(olderAndRestarted, simulator);
                assertCancelsAndFollows(older, simulator);
            }
        }
    }

    /** What a next version may do while this one runs: docs/INSTALL.md. */
    private void expand(String database) throws Exception {
        Files.writeString(directory.resolve("V9000__expand.sql"), """
                ALTER TABLE cancellation ADD COLUMN next_version_text varchar(100);
                ALTER TABLE cancellation ADD COLUMN next_version_number integer DEFAULT 0 NOT NULL;
                ALTER TABLE cancellation_request ADD COLUMN next_version_text varchar(100);
                ALTER TABLE item_total ADD COLUMN next_version_number bigint DEFAULT 0 NOT NULL;
                ALTER TABLE scheduled_tasks ADD COLUMN next_version_text varchar(100);
                CREATE TABLE next_version (id bigint PRIMARY KEY);
                CREATE INDEX next_version_index ON cancellation (next_version_text);
                """);
        schema(database)
                .locations("classpath:db/migration", "filesystem:" + directory)
                .load()
                .migrate();
    }

    private static void assertCancelsAndFollows(TestGateway gateway, TwelveLabsSimulator simulator) {
        SimulatedBatch batch = simulator.account(TestGateway.KEY).createBatch();
        assertThat(gateway.cancel(batch.id()).status()).isEqualTo(202);
        batch.drain(Instant.now());
        await().atMost(Duration.ofMinutes(1))
                .until(() -> gateway.state(batch.id()).equals("canceled"));
    }

    private static TestGateway start(String database, TwelveLabsSimulator simulator) {
        return TestGateway.builder()
                .upstream(simulator)
                .database(database)
                .followUps("200ms", "1s")
                .start();
    }
}
