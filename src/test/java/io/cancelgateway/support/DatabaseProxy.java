package io.cancelgateway.support;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.HashSet;
import java.util.Set;

/** Stands between the gateway and a PostgreSQL, and may lose it: then it still accepts connections. */
public final class DatabaseProxy {

    private enum Mode {
        SERVES,
        CLOSES,
        HANGS
    }

    private final ServerSocket server;
    private final String url;
    private final URI database;
    private final Set<Socket> open = new HashSet<>();
    private Mode mode = Mode.SERVES;

    private DatabaseProxy(String url) {
        this.url = url;
        this.database = URI.create(url.substring("jdbc:".length()));
        try {
            server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(this::accept);
    }

    /** @param url of {@link Databases#postgres()} */
    public static DatabaseProxy before(String url) {
        return new DatabaseProxy(url);
    }

    /** The address of the database by way of this. */
    public String url() {
        return url.replace(database.getAuthority(), "127.0.0.1:" + server.getLocalPort());
    }

    /** Closes every connection that there is, and from now on each new one at once. */
    public void closeConnections() {
        become(Mode.CLOSES);
    }

    /** Closes every connection that there is, and from now on says nothing on new ones. */
    public void hang() {
        become(Mode.HANGS);
    }

    /** Has the database again. */
    public void serve() {
        become(Mode.SERVES);
    }

    private synchronized void become(Mode next) {
        mode = next;
        open.forEach(DatabaseProxy::close);
        open.clear();
    }

    private void accept() {
        try {
            while (!server.isClosed()) {
                take(server.accept());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private synchronized void take(Socket gateway) throws IOException {
        switch (mode) {
            case SERVES -> connect(gateway);
            case CLOSES -> gateway.close();
            case HANGS -> open.add(gateway);
        }
    }

    private void connect(Socket gateway) throws IOException {
        Socket backend = new Socket(database.getHost(), database.getPort());
        open.add(gateway);
        open.add(backend);
        Thread.ofVirtual().start(() -> copy(gateway, backend));
        Thread.ofVirtual().start(() -> copy(backend, gateway));
    }

    private static void copy(Socket from, Socket to) {
        try (from;
                to) {
            from.getInputStream().transferTo(to.getOutputStream());
        } catch (IOException e) {
            // closed by the other side, or by the test
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
