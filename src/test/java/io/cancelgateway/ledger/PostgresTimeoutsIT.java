package io.cancelgateway.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.zaxxer.hikari.HikariDataSource;
import io.cancelgateway.support.DatabaseProxy;
import io.cancelgateway.support.Databases;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.PGProperty;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;

/** How long PostgreSQL is waited for, by its own driver. */
class PostgresTimeoutsIT {

    @Test
    void everyDefaultIsAPropertyOfTheDriver() {
        assertThat(PostgresTimeouts.DEFAULTS.keySet())
                .allSatisfy(
                        name -> assertThat(PGProperty.forName(name)).as(name).isNotNull());
    }

    @Test
    void anAddressWithoutTimeoutsGetsThem() throws SQLException {
        try (HikariDataSource pool = pool(Databases.postgres())) {
            assertThat(socketTimeout(pool)).isEqualTo(Duration.ofSeconds(10));
            assertThat(queryTimeout(pool)).isEqualTo(Duration.ofSeconds(5));
        }
    }

    @Test
    void anAddressKeepsItsOwn() throws SQLException {
        try (HikariDataSource pool = pool(Databases.postgres() + "&socketTimeout=7&queryTimeout=0")) {
            assertThat(socketTimeout(pool)).isEqualTo(Duration.ofSeconds(7));
            assertThat(queryTimeout(pool)).isZero();
        }
    }

    @Test
    void whatTheSettingsOfThePoolSayStays() throws SQLException {
        try (HikariDataSource pool = new HikariDataSource()) {
            pool.setJdbcUrl(Databases.postgres());
            pool.addDataSourceProperty("socketTimeout", "7");

            new PostgresTimeouts().postProcessBeforeInitialization(pool, "dataSource");

            assertThat(socketTimeout(pool)).isEqualTo(Duration.ofSeconds(7));
            assertThat(queryTimeout(pool)).isEqualTo(Duration.ofSeconds(5));
        }
    }

    @Test
    void anAddressOfH2GetsNone() {
        try (HikariDataSource pool = pool("jdbc:h2:mem:timeouts")) {
            assertThat(pool.getDataSourceProperties()).isEmpty();
        }
    }

    @Test
    void aReadFromAServerThatHangsFailsWithinTheSocketTimeout() {
        try (DatabaseProxy proxy = DatabaseProxy.before(Databases.postgres());
                HikariDataSource pool = pool(proxy.address() + "&queryTimeout=1&socketTimeout=2")) {
            JdbcClient jdbc = JdbcClient.create(pool);
            assertThat(one(jdbc)).isEqualTo(1);

            proxy.stall();

            assertThat(CompletableFuture.supplyAsync(() -> catchThrowable(() -> one(jdbc))))
                    .succeedsWithin(Duration.ofSeconds(8))
                    .isInstanceOf(DataAccessException.class);
        }
    }

    @Test
    void aConnectionToAServerThatHangsIsGivenUpSoonerThanAStatement() {
        try (DatabaseProxy proxy = DatabaseProxy.before(Databases.postgres());
                HikariDataSource pool = pool(proxy.address() + "&socketTimeout=60")) {
            proxy.stall();

            assertThat(CompletableFuture.supplyAsync(() -> catchThrowable(pool::getConnection)))
                    .succeedsWithin(Duration.ofSeconds(20))
                    .isInstanceOf(SQLException.class);
        }
    }

    @Test
    void aMigrationTakesAsLongAsItTakes(@TempDir Path directory) throws Exception {
        Files.writeString(directory.resolve("V1__slow.sql"), "SELECT pg_sleep(3);");
        try (HikariDataSource pool = pool(Databases.postgres() + "&queryTimeout=1&socketTimeout=2")) {
            FluentConfiguration flyway = Flyway.configure().dataSource(pool).locations("filesystem:" + directory);
            new MigrationsWithoutTimeouts().customize(flyway);

            assertThat(flyway.load().migrate().migrationsExecuted).isEqualTo(1);
            // the pool's connections are as before
            assertThat(socketTimeout(pool)).isEqualTo(Duration.ofSeconds(2));
            assertThat(queryTimeout(pool)).isEqualTo(Duration.ofSeconds(1));
        }
    }

    private static HikariDataSource pool(String address) {
        HikariDataSource pool = new HikariDataSource();
        pool.setJdbcUrl(address);
        pool.setMaximumPoolSize(2);
        new PostgresTimeouts().postProcessBeforeInitialization(pool, "dataSource");
        return pool;
    }

    private static int one(JdbcClient jdbc) {
        return jdbc.sql("SELECT 1").query(Integer.class).single();
    }

    private static Duration socketTimeout(HikariDataSource pool) throws SQLException {
        try (Connection connection = pool.getConnection()) {
            return Duration.ofMillis(connection.getNetworkTimeout());
        }
    }

    private static Duration queryTimeout(HikariDataSource pool) throws SQLException {
        try (Connection connection = pool.getConnection();
                Statement statement = connection.createStatement()) {
            return Duration.ofSeconds(statement.getQueryTimeout());
        }
    }
}
