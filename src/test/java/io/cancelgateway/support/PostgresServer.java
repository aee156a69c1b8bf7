package io.cancelgateway.support;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A real PostgreSQL that a test may stop, freeze, crash, and start again. What was committed stays. */
public final class PostgresServer implements AutoCloseable {

    private final Path directory;
    private final @Nullable Path tls;
    private EmbeddedPostgres server;

    private PostgresServer(Path directory, @Nullable Path tls) {
        this.directory = directory;
        this.tls = tls;
        server = start(0);
    }

    /** @param directory for its data */
    public static PostgresServer start(Path directory) {
        return new PostgresServer(directory, null);
    }

    /**
     * One that speaks TLS, too.
     *
     * @param directory for its data
     * @param tls has the certificate and its key, as {@link Certificates#write} writes them
     */
    public static PostgresServer startWithTls(Path directory, Path tls) {
        return new PostgresServer(directory, tls);
    }

    private EmbeddedPostgres start(int port) {
        try {
            EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder()
                    .setDataDirectory(directory)
                    .setCleanDataDirectory(false)
                    // or a crash would lose what was committed last
                    .setServerConfig("synchronous_commit", "on");
            if (tls != null) {
                builder.setServerConfig("ssl", "on")
                        .setServerConfig("ssl_cert_file", tls.resolve("tls.crt").toString())
                        .setServerConfig("ssl_key_file", tls.resolve("tls.key").toString());
            }
            return (port == 0 ? builder : builder.setPort(port)).start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** For JDBC, user and password included. It stays the same. */
    public String address() {
        return server.getJdbcUrl("postgres", "postgres");
    }

    /** Ends every connection, and refuses new ones. */
    public void stop() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends at once, without a word to anybody. */
    public void crash() {
        long postmaster = postmaster();
        signal("QUIT", List.of(postmaster));
        ProcessHandle.of(postmaster).ifPresent(process -> process.onExit().join());
        stop(); // what is left of it: locks
    }

    /** After {@link #stop} or {@link #crash}. */
    public void startAgain() {
        server = start(server.getPort());
    }

    /** Nothing is answered any more, and nothing is closed (SIGSTOP). */
    public void freeze() {
        signal("STOP", processes());
    }

    public void thaw() {
        signal("CONT", processes());
    }

    private List<Long> processes() {
        long postmaster = postmaster();
        Stream<Long> children = ProcessHandle.of(postmaster).stream()
                .flatMap(ProcessHandle::descendants)
                .map(ProcessHandle::pid);
        // first the one that starts others
        return Stream.concat(Stream.of(postmaster), children).toList();
    }

    private long postmaster() {
        try (Stream<String> lines = Files.lines(directory.resolve("postmaster.pid"))) {
            return Long.parseLong(lines.findFirst().orElseThrow().strip());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** To all at once; one that has ended meanwhile is none the worse for it. */
    private static void signal(String name, List<Long> processes) {
        String pids = processes.stream().map(String::valueOf).collect(Collectors.joining(" "));
        try {
            new ProcessBuilder("sh", "-c", "kill -" + name + " " + pids).start().waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        stop();
    }
}
