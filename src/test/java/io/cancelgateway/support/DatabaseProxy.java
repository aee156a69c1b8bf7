package io.cancelgateway.support;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;

/** Stands between the gateway and a PostgreSQL, and may lose it in four ways: then it still accepts connections. */
public final class DatabaseProxy implements AutoCloseable {

    private enum Mode {
        SERVES,
        CLOSES,
        HANGS,
        STALLS
    }

    /** While one connection is made, this does nothing else. */
    private static final int CONNECT_TIMEOUT_MILLIS = 1000;

    private final String behind;
    private final URI database;
    private final ServerSocket server;

    /** Both ends of every connection that reaches the database. */
    private final Set<Socket> connected = ConcurrentHashMap.newKeySet();

    /** Connections that were accepted while this hangs, and that lead nowhere. */
    private final Set<Socket> unanswered = ConcurrentHashMap.newKeySet();

    private Mode mode = Mode.SERVES;
    private volatile CountDownLatch flowing = new CountDownLatch(0);
    private volatile boolean losesAnswers;

    private DatabaseProxy(String behind) {
        this.behind = behind;
        this.database = URI.create(behind.substring("jdbc:".length()));
        try {
            server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(this::accept);
    }

    /** @param address for JDBC, with a host and a port, such as {@link Databases#postgres()} */
    public static DatabaseProxy before(String address) {
        return new DatabaseProxy(address);
    }

    /** The address of the database by way of this. */
    public String address() {
        return behind.replace(database.getAuthority(), "127.0.0.1:" + server.getLocalPort());
    }

    /** Closes every connection that there is, and from now on each new one at once. */
    public synchronized void closeConnections() {
        mode = Mode.CLOSES;
        close(connected);
        close(unanswered);
        flowing.countDown();
    }

    /** Closes every connection that there is, and from now on says nothing on new ones. */
    public synchronized void hang() {
        mode = Mode.HANGS;
        close(connected);
        flowing.countDown();
    }

    /** Keeps every connection open, accepts new ones, and lets nothing through: as a server that hangs. */
    public synchronized void stall() {
        mode = Mode.STALLS;
        flowing = new CountDownLatch(1);
    }

    /** Lets everything through to the database, but none of its answers: a commit is made, and nobody is told. */
    public void loseAnswers() {
        losesAnswers = true;
    }

    /** Has the database again. What was held up by a stall goes through; what hung is closed. */
    public synchronized void serve() {
        mode = Mode.SERVES;
        losesAnswers = false;
        flowing.countDown();
        close(unanswered);
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                take(server.accept());
            } catch (IOException e) {
                // this is closed, or one connection failed: the next one is another matter
            }
        }
    }

    private synchronized void take(Socket gateway) throws IOException {
        switch (mode) {
            case SERVES, STALLS -> connect(gateway);
            case CLOSES -> gateway.close();
            case HANGS -> unanswered.add(gateway);
        }
    }

    private void connect(Socket gateway) throws IOException {
        Socket backend = new Socket();
        try {
            backend.connect(new InetSocketAddress(database.getHost(), database.getPort()), CONNECT_TIMEOUT_MILLIS);
        } catch (IOException e) {
            gateway.close(); // the database is stopped, or dies, or is frozen and has many connections waiting
            return;
        }
        connected.add(gateway);
        connected.add(backend);
        Thread.ofVirtual().start(() -> copy(gateway, backend, false));
        Thread.ofVirtual().start(() -> copy(backend, gateway, true));
    }

    private void copy(Socket from, Socket to, boolean answers) {
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] bytes = new byte[8192];
            for (int length; (length = in.read(bytes)) >= 0; ) {
                flowing.await();
                if (!answers || !losesAnswers) {
                    out.write(bytes, 0, length);
                }
            }
        } catch (IOException e) {
            // closed by the other side, or by the test
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        } finally {
            connected.remove(from);
        }
    }

    private static void close(Set<Socket> sockets) {
        for (Socket socket : sockets) {
            try {
                socket.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        sockets.clear();
    }

    @Override
    public void close() {
        closeConnections();
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
