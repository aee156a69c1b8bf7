package io.cancelgateway.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.Certificates;
import io.cancelgateway.support.PostgresServer;
import io.cancelgateway.support.TestGateway;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.time.Clock;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** PostgreSQL over TLS, its certificate verified with a private authority ({@code sslmode=verify-full}). */
class PostgresTlsIT {

    @TempDir
    private static Path directory;

    private static Certificates certificates;
    private static PostgresServer server;

    @BeforeAll
    static void startDatabase() throws Exception {
        certificates = new Certificates();
        Certificates.write(certificates.issue("localhost"), directory);
        server = PostgresServer.startWithTls(Files.createDirectory(directory.resolve("data")), directory);
    }

    @AfterAll
    static void stopDatabase() {
        server.close();
    }

    @Test
    void recordsOverTls() throws Exception {
        try (TwelveLabsSimulator upstream = TwelveLabsSimulator.start(Clock.systemUTC());
                TestGateway.InProcess gateway = TestGateway.builder()
                        .upstream(upstream)
                        .database(address(certificates))
                        .start()) {
            String batch = upstream.account(TestGateway.KEY).createBatch().id();

            assertThat(gateway.cancel(batch).status()).isEqualTo(202);
            assertThat(gateway.state(batch)).isEqualTo("canceling");
            try (Connection connection = gateway.bean(DataSource.class).getConnection();
                    ResultSet row = connection
                            .createStatement()
                            .executeQuery("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")) {
                row.next();
                assertThat(row.getBoolean(1)).isTrue();
            }
        }
    }

    @Test
    void doesNotStartWithADatabaseThatIsNotTrusted() throws Exception {
        String address = address(new Certificates());

        assertThatException()
                .isThrownBy(
                        () -> TestGateway.builder().database(address).start().close())
                .havingRootCause()
                .isInstanceOf(GeneralSecurityException.class);
    }

    @Test
    void doesNotStartWithADatabaseOfAnotherName() throws Exception {
        String address = address(certificates).replace("localhost", "127.0.0.1");

        assertThatException()
                .isThrownBy(
                        () -> TestGateway.builder().database(address).start().close())
                .withStackTraceContaining("127.0.0.1");
    }

    private static String address(Certificates trusted) throws Exception {
        Path authority = trusted.authority(Files.createTempDirectory(directory, "ca"));
        return server.address() + "&sslmode=verify-full&sslrootcert=" + authority;
    }
}
