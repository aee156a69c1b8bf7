package io.cancelgateway.bench;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/** Cancels over a few connections of their own, one request at a time on each; any answer but 202 is an error. */
final class Load {

    private static final int CONNECTIONS = Integer.getInteger("connections", 16);

    private Load() {}

    /** @return the latencies in microseconds, sorted */
    static long[] run(int port, int requests, IntFunction<String> request) throws Exception {
        long[] micros = new long[requests];
        AtomicInteger next = new AtomicInteger();
        AtomicInteger failed = new AtomicInteger();
        Thread[] threads = new Thread[CONNECTIONS];
        for (int i = 0; i < CONNECTIONS; i++) {
            threads[i] = Thread.ofPlatform().start(() -> {
                try (Connection connection = new Connection(port)) {
                    for (int mine = next.getAndIncrement(); mine < requests; mine = next.getAndIncrement()) {
                        long start = System.nanoTime();
                        if (connection.exchange(request.apply(mine)) != 202) {
                            failed.incrementAndGet();
                        }
                        micros[mine] = (System.nanoTime() - start) / 1000;
                    }
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
        }
        for (Thread thread : threads) {
            thread.join();
        }
        if (failed.get() > 0 || next.get() < requests) {
            throw new IllegalStateException(failed + " requests were not accepted");
        }
        Arrays.sort(micros);
        return micros;
    }

    /** One connection, opened again where the server closed it. */
    private static final class Connection implements AutoCloseable {

        private final int port;
        private Socket socket;
        private InputStream in;

        Connection(int port) throws IOException {
            this.port = port;
            open();
        }

        private void open() throws IOException {
            socket = new Socket("127.0.0.1", port);
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(30_000);
            in = new BufferedInputStream(socket.getInputStream());
        }

        int exchange(String request) throws IOException {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            int status = Integer.parseInt(line().split(" ")[1]);
            int length = 0;
            boolean closes = false;
            boolean chunked = false;
            for (String header = line().toLowerCase(Locale.ROOT); !header.isEmpty(); ) {
                if (header.startsWith("content-length:")) {
                    length = Integer.parseInt(header.substring(15).strip());
                }
                chunked |= header.startsWith("transfer-encoding:");
                closes |= header.equals("connection: close");
                header = line().toLowerCase(Locale.ROOT);
            }
            if (chunked) {
                for (int chunk = Integer.parseInt(line(), 16); chunk > 0; chunk = Integer.parseInt(line(), 16)) {
                    in.skipNBytes(chunk + 2);
                }
                line();
            }
            in.skipNBytes(length);
            if (closes) {
                socket.close();
                open();
            }
            return status;
        }

        private String line() throws IOException {
            StringBuilder line = new StringBuilder();
            for (int c = in.read(); c != '\n'; c = in.read()) {
                if (c < 0) {
                    throw new IOException("The gateway closed the connection");
                }
                if (c != '\r') {
                    line.append((char) c);
                }
            }
            return line.toString();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
