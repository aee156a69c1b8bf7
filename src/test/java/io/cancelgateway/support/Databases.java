package io.cancelgateway.support;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicInteger;

/** Real databases: PostgreSQL from its own binaries, started once and stopped with the JVM, and H2 in a file. */
public final class Databases {

    private static final AtomicInteger NAMES = new AtomicInteger();

    private Databases() {}

    /** The address of an empty PostgreSQL database, user and password included. */
    public static String postgres() {
        String name = "ledger" + NAMES.incrementAndGet();
        try (Connection connection = Server.POSTGRES.getPostgresDatabase().getConnection()) {
            connection.createStatement().execute("CREATE DATABASE " + name);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        return Server.POSTGRES.getJdbcUrl("postgres", name);
    }

    /** The address of an H2 database in a file in this directory, as the gateway's own default is. */
    public static String h2(Path directory) {
        return "jdbc:h2:file:" + directory.resolve("ledger");
    }

    /** Started when it is first needed. */
    private static final class Server {

        private static final EmbeddedPostgres POSTGRES = start();

        private static EmbeddedPostgres start() {
            try {
                EmbeddedPostgres server = EmbeddedPostgres.builder()
                        .setServerConfig("max_connections", "300")
                        .start();
                Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                    try {
                        server.close();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }));
                return server;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
