package io.cancelgateway.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.install.Chart.Manifests;
import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.Certificates;
import io.cancelgateway.support.Databases;
import io.cancelgateway.support.TestGateway;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The database as a platform has it: a Secret that an operator wrote, a user of its own for migrations. */
class OperatedDatabaseIT {

    @TempDir
    private Path directory;

    @Test
    void itsHostPortAndNameComeOutOfTheSecret() throws Exception {
        String address = Databases.postgres();
        URI database = database(address);
        assertWorks(
                address,
                Chart.render(Chart.values("operators")),
                Map.of(
                        "ca",
                        Map.of("ca.crt", Files.readString(new Certificates().authority(directory))),
                        "database",
                        Map.of(
                                "host", database.getHost() + "\n",
                                "port", database.getPort() + "\n",
                                "dbname", database.getPath().substring(1) + "\n",
                                "username", "postgres\n",
                                "password", "postgres\n")));
    }

    @Test
    void itsWholeAddressComesOutOfTheSecret() throws Exception {
        String address = Databases.postgres() + "&password=postgres";
        assertThat(address).contains("user=postgres");
        assertWorks(
                address,
                Chart.render(Chart.values("address")),
                Map.of("database", Map.of("pgbouncer-jdbc-uri", address + "\n")));
    }

    /** The statements are those of docs/KUBERNETES.md. */
    @Test
    void aUserOfItsOwnMigratesItAndTheOtherOneCannot() throws Exception {
        String address = Databases.postgres();
        URI database = database(address);
        execute(address, statements("migrations-user"));
        Manifests manifests = Chart.render(
                Chart.values("production"), """
                database:
                  url: 'jdbc:postgresql://%s:%d%s'
                  migrations: {existingSecret: migrations}
                """.formatted(database.getHost(), database.getPort(), database.getPath()));
        assertWorks(
                address,
                manifests,
                Map.of(
                        "database", Map.of("username", "gateway", "password", "one"),
                        "migrations", Map.of("username", "gateway_owner", "password", "two")));

        execute(address, statements("next-login"));
        assertWorks(
                address,
                manifests,
                Map.of(
                        "database", Map.of("username", "gateway_2", "password", "three"),
                        "migrations", Map.of("username", "gateway_owner", "password", "two")));

        try (Connection connection = DriverManager.getConnection(address);
                ResultSet row = connection.createStatement().executeQuery("""
                                SELECT tableowner, has_schema_privilege('gateway', 'public', 'CREATE')
                                  FROM pg_tables WHERE tablename = 'cancellation'
                                """)) {
            row.next();
            assertThat(row.getString(1)).isEqualTo("gateway_owner");
            assertThat(row.getBoolean(2)).isFalse();
        }
    }

    private static String statements(String name) {
        Matcher block = Pattern.compile("(?ms)^```sql\\n-- " + name + "\\n(.*?)^```$")
                .matcher(Chart.read(Path.of("docs", "KUBERNETES.md")));
        assertThat(block.find()).as(name).isTrue();
        return block.group(1);
    }

    private static void execute(String address, String statements) throws Exception {
        try (Connection connection = DriverManager.getConnection(address)) {
            connection.createStatement().execute(statements);
        }
    }

    private static URI database(String address) {
        return URI.create(address.substring("jdbc:".length()));
    }

    /** @param address of the database that is meant to have the record */
    private void assertWorks(String address, Manifests manifests, Map<String, Map<String, String>> secrets)
            throws Exception {
        RenderedGateway rendered = new RenderedGateway(manifests, Files.createTempDirectory(directory, "pod"));
        secrets.forEach(rendered::with);
        try (TwelveLabsSimulator upstream = TwelveLabsSimulator.start(Clock.systemUTC());
                TestGateway gateway = rendered.builder().upstream(upstream).start()) {
            SimulatedBatch batch = upstream.account(TestGateway.KEY).createBatch();
            assertThat(gateway.cancel(batch.id()).status()).isEqualTo(202);
            batch.drain(Instant.now());
            await().atMost(Duration.ofMinutes(1))
                    .until(() -> gateway.state(batch.id()).equals("canceled"));
            try (Connection connection = DriverManager.getConnection(address);
                    PreparedStatement query =
                            connection.prepareStatement("SELECT state FROM cancellation WHERE batch_id = ?")) {
                query.setString(1, batch.id());
                try (ResultSet row = query.executeQuery()) {
                    assertThat(row.next()).as("a record in PostgreSQL").isTrue();
                    assertThat(row.getString(1)).isEqualTo("canceled");
                }
            }
        }
    }
}
