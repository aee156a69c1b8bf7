package io.cancelgateway.support;

import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A real PgBouncer that gives a connection of the server to a client for one transaction at a time. */
public final class PgBouncer implements AutoCloseable {

    private final Process process;
    private final int port;

    private PgBouncer(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /**
     * Starts it. Skips the test where it is not installed.
     *
     * @param directory for its settings and its log
     * @param serverPort of the PostgreSQL behind it, whose user {@code postgres} needs no password
     * @param connections to that, for all clients together
     */
    public static PgBouncer start(Path directory, int serverPort, int connections) throws IOException {
        Path program = Path.of("/usr/sbin/pgbouncer");
        assumeThat(program)
                .as("Skipped: PgBouncer is not installed (apt-get install --no-install-recommends pgbouncer)")
                .exists();
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        Path settings =
                Files.writeString(directory.resolve("pgbouncer.ini"), """
                [databases]
                * = host=127.0.0.1 port=%d user=postgres
                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = %d
                unix_socket_dir =
                auth_type = any
                pool_mode = transaction
                default_pool_size = %d
                """.formatted(serverPort, port, connections));
        List<String> command = new ArrayList<>(List.of(program.toString()));
        if (System.getProperty("user.name").equals("root")) {
            command.addAll(List.of("-u", "nobody")); // it does not run as root
        }
        command.add(settings.toString());
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("pgbouncer.log").toFile())
                .start();
        PgBouncer bouncer = new PgBouncer(process, port);
        try {
            await().until(() -> !process.isAlive() || bouncer.accepts());
            if (!process.isAlive()) {
                throw new IllegalStateException(Files.readString(directory.resolve("pgbouncer.log")));
            }
            return bouncer;
        } catch (RuntimeException e) {
            bouncer.close();
            throw e;
        }
    }

    private boolean accepts() {
        try (Socket _ = new Socket("127.0.0.1", port)) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    public int port() {
        return port;
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
