package io.cancelgateway.support;

import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;

/** A real HTTP proxy, Debian's tinyproxy, that asks for a password (Basic). */
public final class TinyProxy implements AutoCloseable {

    public static final String USER = "gateway";

    private final Process process;
    private final int port;
    private final Path log;

    private TinyProxy(Process process, int port, Path log) {
        this.process = process;
        this.port = port;
        this.log = log;
    }

    /**
     * Starts it. Skips the test where it is not installed.
     *
     * @param directory for its settings and its log
     */
    public static TinyProxy start(Path directory, String password) throws IOException {
        Path program = Path.of("/usr/bin/tinyproxy");
        assumeThat(program)
                .as("Skipped: tinyproxy is not installed (apt-get install tinyproxy)")
                .exists();
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        Path log = directory.resolve("tinyproxy.log");
        Path settings =
                Files.writeString(directory.resolve("tinyproxy.conf"), """
                Port %d
                Listen 127.0.0.1
                Timeout 30
                LogFile "%s"
                LogLevel Connect
                BasicAuth %s %s
                """.formatted(port, log, USER, password));
        Process process = new ProcessBuilder(program.toString(), "-d", "-c", settings.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("tinyproxy.out").toFile())
                .start();
        TinyProxy proxy = new TinyProxy(process, port, log);
        await().until(proxy::accepts);
        return proxy;
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

    public String log() throws IOException {
        return Files.readString(log);
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
