package io.cancelgateway.support;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The packaged gateway in a process of its own, serving tenant acme, which can be killed. */
public final class GatewayProcess implements AutoCloseable {

    public static final String KEY = "tlk_acme_1111";
    private static final String TOKEN = "token-of-billing";
    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private final Process process;
    private final int port;
    private final int managementPort;

    private GatewayProcess(Process process, int port, int managementPort) {
        this.process = process;
        this.port = port;
        this.managementPort = managementPort;
    }

    /** Starts it and waits until it is ready. */
    public static GatewayProcess start(Path directory, String upstream, String database, String... settings) {
        int port = freePort();
        int managementPort = freePort();
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "--enable-native-access=ALL-UNNAMED",
                "-jar",
                jar().toString(),
                "--server.port=" + port,
                "--management.server.port=" + managementPort,
                "--spring.datasource.url=" + database,
                "--gateway.upstream.base-url=" + upstream,
                "--gateway.tenants.acme.api-key=" + KEY,
                "--gateway.callers.billing.token-sha256=" + EndToEnd.sha256(TOKEN),
                "--gateway.callers.billing.tenants=acme"));
        command.addAll(List.of(settings));
        try {
            Path log = Files.createTempFile(directory, "gateway", ".log");
            Process process = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            GatewayProcess gateway = new GatewayProcess(process, port, managementPort);
            await().atMost(Duration.ofMinutes(2)).until(() -> {
                if (!process.isAlive()) {
                    throw new IllegalStateException(Files.readString(log));
                }
                return gateway.ready();
            });
            return gateway;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path jar() {
        try (Stream<Path> files = Files.list(Path.of("target"))) {
            return files.filter(file -> file.getFileName().toString().matches("cancel-gateway-.*(?<!-sources)\\.jar"))
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("No jar in target: run mvnw package"))
                    .toAbsolutePath();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean ready() {
        try {
            return HTTP.send(
                                    request(managementPort, "/actuator/health/readiness")
                                            .build(),
                                    HttpResponse.BodyHandlers.discarding())
                            .statusCode()
                    == 200;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The status of the answer; fails where the process dies under it. */
    public CompletableFuture<Integer> cancel(String batchId) {
        return HTTP.sendAsync(
                        request(port, "/v1.3/analyze/batches/" + batchId + "/cancel")
                                .POST(HttpRequest.BodyPublishers.noBody())
                                .build(),
                        HttpResponse.BodyHandlers.discarding())
                .thenApply(HttpResponse::statusCode);
    }

    /** The record of a batch, or a missing node. */
    public JsonNode record(String batchId) {
        return JsonMapper.shared().readTree(body(port, "/v1/cancellations/" + batchId));
    }

    public String state(String batchId) {
        return record(batchId).path("state").asString("");
    }

    /** The sum of a metric's samples, such as {@code cancel_gateway_items_total{…result="canceled"…}}; 0 where there is none. */
    public double metric(String name, String label) {
        return Pattern.compile("(?m)^" + name + "\\{[^}]*" + Pattern.quote(label) + "[^}]*} (\\S+)$")
                .matcher(body(managementPort, "/actuator/prometheus"))
                .results()
                .map(MatchResult::group)
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    private static String body(int port, String path) {
        try {
            return HTTP.send(request(port, path).build(), HttpResponse.BodyHandlers.ofString())
                    .body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static HttpRequest.Builder request(int port, String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .header("x-api-key", TOKEN)
                .timeout(Duration.ofSeconds(30));
    }

    /** SIGKILL. */
    public void kill() {
        process.destroyForcibly().onExit().join();
    }

    @Override
    public void close() {
        kill();
    }
}
