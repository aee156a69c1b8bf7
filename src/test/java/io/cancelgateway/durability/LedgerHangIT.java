package io.cancelgateway.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import io.cancelgateway.support.DatabaseProxy;
import io.cancelgateway.support.Databases;
import io.cancelgateway.support.EndToEnd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.test.context.TestPropertySource;

/** A PostgreSQL that hangs under a gateway with many tenants. */
@DirtiesContext
@TestPropertySource(properties = "gateway.metrics.max-tenants=1000")
class LedgerHangIT extends EndToEnd {

    /** With the five of every test 1,000. */
    private static final int TENANTS = 995;

    private static final String DATABASE = Databases.postgres();
    private static final DatabaseProxy PROXY = DatabaseProxy.before(DATABASE);

    @TempDir
    private static Path keys;

    @Autowired
    private HikariDataSource pool;

    @Autowired
    private Flyway migrations;

    @DynamicPropertySource
    static void manyTenants(DynamicPropertyRegistry registry) throws IOException {
        for (int i = 0; i < TENANTS; i++) {
            Files.writeString(keys.resolve("t-" + i), "tlk_many_" + i);
        }
        registry.add("gateway.tenants-dir", keys::toString);
        registry.add("spring.datasource.url", PROXY::address);
    }

    @AfterEach
    void letGo() {
        PROXY.serve();
    }

    @Test
    void aScrapeWaitsOnceAndShowsTheLastPictureUntilTheDatabaseIsBack() throws Exception {
        sql("INSERT INTO item_total (tenant, canceled, ready, failed) SELECT 't-' || i, i, 1, 2"
                + " FROM generate_series(0, " + (TENANTS - 1) + ") AS i");
        sql("INSERT INTO item_total (tenant, canceled, ready, failed) SELECT unnest(ARRAY['acme', 'globex', 'revoked',"
                + " 'twin-a', 'twin-b', 'no-longer', 'never-was']), 10, 20, 30");
        awaitItems("t-994", 994);
        String healthy = scrape();
        assertThat(items(healthy, "acme")).isEqualTo(10);
        assertThat(items(healthy, "other")).as("two that are not configured").isEqualTo(20);
        assertThat(rows(healthy)).isEqualTo(3 * (TENANTS + 5) + 3);

        PROXY.stall();
        sql("UPDATE item_total SET canceled = 7000 WHERE tenant = 't-994'");
        for (int scrapes = 0; scrapes < 2; scrapes++) {
            time.push(Duration.ofSeconds(2));
            long start = System.nanoTime();
            String hanging = scrape();
            Duration took = Duration.ofNanos(System.nanoTime() - start);
            System.out.printf("HANG a scrape of %d rows took %d ms%n", rows(hanging), took.toMillis());
            assertThat(took).isLessThan(Duration.ofSeconds(3));
            assertThat(rows(hanging)).isEqualTo(rows(healthy));
            assertThat(items(hanging, "t-994")).isEqualTo(994);
        }

        PROXY.serve();
        awaitItems("t-994", 7000);
    }

    @Test
    void allConnectionsOfThePoolHaveTimeoutsButThoseOfTheMigration() throws SQLException {
        assertThat(pool.getConnectionTimeout()).isEqualTo(5000);
        assertThat(pool.getValidationTimeout()).isEqualTo(2000);
        try (Connection connection = pool.getConnection();
                Statement statement = connection.createStatement()) {
            assertThat(connection.getNetworkTimeout()).isEqualTo(10_000);
            assertThat(statement.getQueryTimeout()).isEqualTo(5);
        }
        try (Connection connection =
                migrations.getConfiguration().getDataSource().getConnection()) {
            assertThat(connection.getNetworkTimeout()).isZero();
        }
    }

    private void awaitItems(String tenant, double expected) {
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
            time.push(Duration.ofSeconds(2));
            assertThat(items(scrape(), tenant)).isEqualTo(expected);
        });
    }

    private static long rows(String scrape) {
        return scrape.lines()
                .filter(line -> line.startsWith("cancel_gateway_ledger_items{"))
                .count();
    }

    /** The tenant's canceled items in a scrape, -1 where it has none. */
    private static double items(String scrape, String tenant) {
        return scrape.lines()
                .filter(line -> line.startsWith("cancel_gateway_ledger_items{")
                        && line.contains("result=\"canceled\"")
                        && line.contains("tenant=\"" + tenant + "\""))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .findFirst()
                .orElse(-1);
    }

    private String scrape() {
        return management("/actuator/prometheus").text();
    }

    private static void sql(String statement) throws SQLException {
        try (Connection connection = DriverManager.getConnection(DATABASE)) {
            connection.createStatement().executeUpdate(statement);
        }
    }
}
