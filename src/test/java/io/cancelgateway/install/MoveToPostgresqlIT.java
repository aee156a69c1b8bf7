package io.cancelgateway.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.Databases;
import io.cancelgateway.support.TestGateway;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import org.flywaydb.core.Flyway;
import org.h2.tools.RunScript;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class MoveToPostgresqlIT {

    @TempDir
    private Path directory;

    @Test
    void recordsTotalsAndFollowUpsGoOnWhereTheyWereAndNewOnesHaveRoom() throws Exception {
        String file = Databases.h2(directory);
        String postgres = Databases.postgres();
        try (TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC())) {
            TwelveLabsSimulator.Account account = simulator.account(TestGateway.KEY);
            SimulatedBatch ended = account.createBatch(5, 1, Duration.ofHours(1));
            SimulatedBatch pending = account.createBatch();
            String startedTwice = "00000000000000000000beef";
            Instant restartedAt;
            JsonNode endedBefore;
            JsonNode pendingBefore;
            try (TestGateway gateway = start(file, simulator)) {
                assertThat(gateway.cancel(ended.id()).status()).isEqualTo(202);
                assertThat(gateway.cancel(pending.id()).status()).isEqualTo(202);
                assertThat(gateway.cancel(startedTwice).status()).isEqualTo(404);
                assertThat(gateway.cancel(startedTwice).status()).isEqualTo(404);
                ended.drain(Instant.now());
                await().until(() -> gateway.state(ended.id()).equals("canceled"));
                endedBefore = gateway.record(ended.id());
                pendingBefore = gateway.record(pending.id());
            }

            restartedAt = restartedAt(file, startedTwice);
            Flyway.configure().dataSource(postgres, null, null).load().migrate();
            move(file, postgres);
            assertThat(restartedAt(postgres, startedTwice)).isEqualTo(restartedAt);

            try (TestGateway gateway = start(postgres, simulator)) {
                assertThat(gateway.record(ended.id())).isEqualTo(endedBefore);
                assertThat(gateway.record(pending.id())).isEqualTo(pendingBefore);
                assertThat(totals(postgres)).isEqualTo("acme 4 1 0");
                pending.drain(Instant.now());
                await().atMost(Duration.ofMinutes(1))
                        .until(() -> gateway.state(pending.id()).equals("canceled"));

                SimulatedBatch another = account.createBatch();
                assertThat(gateway.cancel(another.id()).status()).isEqualTo(202);
                assertThat(gateway.state(another.id())).isEqualTo("canceling");
                assertThat(gateway.cancel(pending.id()).status()).isEqualTo(409);
                assertThat(gateway.record(pending.id()).path("requests").size()).isEqualTo(2);
            }
        }
    }

    private static Instant restartedAt(String database, String batch) throws Exception {
        try (Connection connection = DriverManager.getConnection(database);
                ResultSet records = connection
                        .createStatement()
                        .executeQuery("SELECT restarted_at FROM cancellation WHERE batch_id = '" + batch + "'")) {
            assertThat(records.next()).isTrue();
            return records.getObject("restarted_at", OffsetDateTime.class).toInstant();
        }
    }

    private static String totals(String database) throws Exception {
        try (Connection connection = DriverManager.getConnection(database);
                ResultSet totals = connection.createStatement().executeQuery("SELECT * FROM item_total")) {
            assertThat(totals.next()).isTrue();
            String first = "%s %d %d %d"
                    .formatted(
                            totals.getString("tenant"),
                            totals.getLong("canceled"),
                            totals.getLong("ready"),
                            totals.getLong("failed"));
            assertThat(totals.next()).as("a second tenant").isFalse();
            return first;
        }
    }

    private void move(String file, String postgres) throws Exception {
        Path target = Files.createDirectory(directory.resolve("target"));
        Files.writeString(target.resolve("url"), postgres + "\n");
        Files.writeString(target.resolve("username"), "postgres\n");
        Files.writeString(target.resolve("password"), "postgres");
        Path script = directory.resolve("move.sql");
        Files.writeString(
                script,
                Chart.read(Path.of("docs", "move-to-postgresql.sql")).replace("/target-database/", target + "/"));
        RunScript.execute(file, "", "", script.toString(), StandardCharsets.UTF_8, false);
    }

    private static TestGateway start(String database, TwelveLabsSimulator simulator) {
        return TestGateway.builder()
                .upstream(simulator)
                .database(database)
                .followUps("200ms", "1s")
                .start();
    }
}
