package io.cancelgateway.support;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** The one HTTP client of the tests. It speaks HTTP/1.1 and waits 30 s for an answer. Headers are name, value, … */
public final class Http {

    private static final Duration TIMEOUT = Duration.ofSeconds(30);
    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private Http() {}

    /** Sends a request without a body. */
    public static Reply send(String method, String url, String... headers) {
        return send(method, url, HttpRequest.BodyPublishers.noBody(), headers);
    }

    /** @throws UncheckedIOException if there is no answer */
    public static Reply send(String method, String url, HttpRequest.BodyPublisher body, String... headers) {
        try {
            return new Reply(CLIENT.send(request(method, url, body, headers), HttpResponse.BodyHandlers.ofByteArray()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Sends a request without a body, and does not wait for the answer. */
    public static CompletableFuture<Reply> sendAsync(String method, String url, String... headers) {
        return CLIENT.sendAsync(
                        request(method, url, HttpRequest.BodyPublishers.noBody(), headers),
                        HttpResponse.BodyHandlers.ofByteArray())
                .thenApply(Reply::new);
    }

    private static HttpRequest request(String method, String url, HttpRequest.BodyPublisher body, String... headers) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(url)).method(method, body).timeout(TIMEOUT);
        if (headers.length > 0) {
            request.headers(headers);
        }
        return request.build();
    }

    /** Writes these bytes to a port of this machine, and returns all that comes back: for what no client would send. */
    public static String raw(int port, String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(5000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /**
     * Writes these bytes, and returns all that comes back until the other side closes, which must be within 5 s after
     * the last byte.
     */
    public static String rawUntilClosed(int port, String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(5000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
