package io.cancelgateway.simulator;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Answers each request with bytes that need not be HTTP. Closes the connection after an answer that says
 * {@code Connection: close}.
 */
public final class RawUpstream implements AutoCloseable {

    private final ServerSocket server;
    private final BlockingQueue<String[]> script = new LinkedBlockingQueue<>();
    private final AtomicInteger requests = new AtomicInteger();
    private final @Nullable Function<String, String[]> answers;

    /** Answers with the next bytes of its script. */
    public RawUpstream() {
        this(null);
    }

    /** @param answers from the head of a request, the parts of its answer, which are sent one after the other */
    public RawUpstream(@Nullable Function<String, String[]> answers) {
        this.answers = answers;
        try {
            server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        Thread.ofVirtual().start(() -> {
            while (!server.isClosed()) {
                try {
                    Socket socket = server.accept();
                    Thread.ofVirtual().start(() -> serve(socket));
                } catch (IOException e) {
                    return; // closed
                }
            }
        });
    }

    public String baseUrl() {
        return "http://127.0.0.1:" + server.getLocalPort() + "/v1.3";
    }

    /** The answer to the next request, in parts that are sent one after the other. */
    public void next(String... parts) {
        script.add(parts);
    }

    /** Forgets the answers that no request has come for. */
    public void reset() {
        script.clear();
    }

    public int requests() {
        return requests.get();
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(socket.getInputStream());
            String head = readHead(in);
            while (!head.isEmpty()) {
                requests.incrementAndGet();
                String[] parts = answers == null ? script.take() : answers.apply(head);
                for (int i = 0; i < parts.length; i++) {
                    if (i > 0) {
                        LockSupport.parkNanos(30_000_000); // so that the parts arrive as parts
                    }
                    socket.getOutputStream().write(parts[i].getBytes(StandardCharsets.ISO_8859_1));
                    socket.getOutputStream().flush();
                }
                head = parts[0].contains("Connection: close") ? "" : readHead(in);
            }
        } catch (IOException e) {
            // the client is gone
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Empty where the client has closed the connection. */
    private static String readHead(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                return "";
            }
            head.append((char) next);
        }
        return head.toString();
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
