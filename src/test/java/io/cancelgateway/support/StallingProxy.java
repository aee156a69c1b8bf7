package io.cancelgateway.support;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;

/**
 * Stands before a database. While it is stalled, connections are taken and stay open, and nothing comes through: what a
 * server that hangs looks like.
 */
public final class StallingProxy implements AutoCloseable {

    private final URI behind;
    private final ServerSocket server;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

    private volatile CountDownLatch flowing = new CountDownLatch(0);

    private StallingProxy(URI behind, ServerSocket server) {
        this.behind = behind;
        this.server = server;
    }

    /** @param address a JDBC address with a host and a port */
    public static StallingProxy before(String address) {
        try {
            StallingProxy proxy = new StallingProxy(
                    URI.create(address.substring("jdbc:".length())),
                    new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
            Thread.ofVirtual().start(proxy::accept);
            return proxy;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The JDBC address of the database by way of this proxy. */
    public String address() {
        return "jdbc:%s://127.0.0.1:%d%s?%s"
                .formatted(behind.getScheme(), server.getLocalPort(), behind.getPath(), behind.getQuery());
    }

    public void stall() {
        flowing = new CountDownLatch(1);
    }

    /** Lets through what has been held up, and all that follows. */
    public void resume() {
        flowing.countDown();
    }

    private void accept() {
        try {
            while (true) {
                Socket client = server.accept();
                Socket database = new Socket(behind.getHost(), behind.getPort());
                Thread.ofVirtual().start(() -> copy(client, database));
                Thread.ofVirtual().start(() -> copy(database, client));
            }
        } catch (IOException e) {
            // closed
        }
    }

    private void copy(Socket from, Socket to) {
        sockets.add(from);
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] bytes = new byte[8192];
            for (int length; (length = in.read(bytes)) >= 0; ) {
                flowing.await();
                out.write(bytes, 0, length);
            }
        } catch (IOException e) {
            // one side has gone, so the other is closed too
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        } finally {
            sockets.remove(from);
        }
    }

    @Override
    public void close() {
        resume();
        try {
            server.close();
            for (Socket socket : sockets) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
