package io.cancelgateway.support;

import static org.awaitility.Awaitility.await;

import io.cancelgateway.CancelGatewayApplication;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.awaitility.core.ConditionTimeoutException;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.env.Environment;
import tools.jackson.databind.JsonNode;

/**
 * A gateway that a test starts itself: in this process, or the packaged one in a process of its own. By default it
 * serves tenant acme, and its only caller is billing. Its other settings are those of production, unless the test gives
 * more.
 */
public abstract sealed class TestGateway implements AutoCloseable {

    /** The key of acme. */
    public static final String KEY = "tlk_acme_1111";

    /** The token of billing, which every request carries. */
    public static final String TOKEN = "token-of-billing";

    private final int port;
    private final int managementPort;
    private final boolean documented;

    /** @param documented whether docs/openapi.yaml describes it */
    private TestGateway(int port, int managementPort, boolean documented) {
        this.port = port;
        this.managementPort = managementPort;
        this.documented = documented;
        if (documented) {
            ApiDocument.prepare();
        }
    }

    public static Builder builder() {
        return new Builder()
                .with("gateway.tenants.acme.api-key", KEY)
                .with("gateway.callers.billing.token-sha256", Sha256.hex(TOKEN))
                .with("gateway.callers.billing.tenants", "acme");
    }

    /** With no tenant and no caller. */
    public static Builder bare() {
        return new Builder();
    }

    public int managementPort() {
        return managementPort;
    }

    public int port() {
        return port;
    }

    /** @param headers name, value, … */
    public Reply cancel(String batchId, String... headers) {
        return checked(Http.send("POST", cancelUrl(batchId), withToken(headers)));
    }

    /** With these headers alone, and so with the credential that is among them. */
    public Reply cancelWith(String batchId, String... headers) {
        return checked(Http.send("POST", cancelUrl(batchId), headers));
    }

    /** As {@link #cancelWith}. */
    public Reply getWith(String path, String... headers) {
        return checked(Http.send("GET", url(port, path), headers));
    }

    /** Does not wait for the answer. */
    public CompletableFuture<Reply> cancelAsync(String batchId, String... headers) {
        return Http.sendAsync("POST", cancelUrl(batchId), withToken(headers)).thenApply(this::checked);
    }

    /** @param path with its query */
    public Reply get(String path, String... headers) {
        return checked(Http.send("GET", url(port, path), withToken(headers)));
    }

    /** @param json the body */
    public Reply post(String path, String json, String... headers) {
        return checked(Http.send(
                "POST",
                url(port, path),
                HttpRequest.BodyPublishers.ofString(json),
                withToken(Stream.concat(Stream.of("Content-Type", "application/json"), Stream.of(headers))
                        .toArray(String[]::new))));
    }

    /** The record of a batch, or a problem where there is none. */
    public JsonNode record(String batchId) {
        return get("/v1/cancellations/" + batchId).json();
    }

    /** The state in the record, or the empty text where there is none. */
    public String state(String batchId) {
        return record(batchId).path("state").asString("");
    }

    /** The sum of a metric's samples that have this label, such as {@code result="canceled"}; 0 where none has. */
    public double metric(String name, String label) {
        return samples()
                .filter(line -> line.startsWith(name + "{") && line.contains(label))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    /** What a scrape shows, a line each. */
    public Stream<String> samples() {
        return Http.send("GET", url(managementPort, "/actuator/prometheus"))
                .text()
                .lines();
    }

    /** Asks the management port. */
    public Reply management(String path) {
        return Http.send("GET", url(managementPort, path));
    }

    /** Stops it, and waits until it has stopped. */
    @Override
    public abstract void close();

    private Reply checked(Reply reply) {
        return documented ? reply.asDocumented(false) : reply;
    }

    private String cancelUrl(String batchId) {
        return url(port, "/v1.3/analyze/batches/" + batchId + "/cancel");
    }

    private static String url(int port, String path) {
        return "http://127.0.0.1:" + port + path;
    }

    private static String[] withToken(String... headers) {
        return Stream.concat(Stream.of("x-api-key", TOKEN), Stream.of(headers)).toArray(String[]::new);
    }

    /** In this process. */
    public static final class InProcess extends TestGateway {

        private final ConfigurableApplicationContext context;

        private InProcess(ConfigurableApplicationContext context) {
            super(
                    port(context.getEnvironment(), "local.server.port"),
                    port(context.getEnvironment(), "local.management.port"),
                    true);
            this.context = context;
        }

        private static int port(Environment environment, String key) {
            return environment.getRequiredProperty(key, Integer.class);
        }

        public <T> T bean(Class<T> type) {
            return context.getBean(type);
        }

        /** All of this type, by name. */
        public <T> Map<String, T> beans(Class<T> type) {
            return context.getBeansOfType(type);
        }

        /** As SIGTERM does: what is in flight may finish. */
        @Override
        public void close() {
            context.close();
        }
    }

    /** The packaged one, in a process of its own. */
    public static final class Packaged extends TestGateway {

        private final Process process;

        private Packaged(Process process, int port, int managementPort, boolean documented) {
            super(port, managementPort, documented);
            this.process = process;
        }

        private boolean ready() {
            try {
                return Http.send("GET", url(super.managementPort, "/actuator/health/readiness"))
                                .status()
                        == 200;
            } catch (UncheckedIOException e) {
                return false;
            }
        }

        /** SIGKILL. */
        public void kill() {
            process.destroyForcibly().onExit().join();
        }

        /** SIGTERM, and waits until it has stopped. */
        public void stop() {
            process.destroy();
            process.onExit().join();
        }

        @Override
        public void close() {
            kill();
        }
    }

    /** The settings of a gateway that is not started yet. */
    public static final class Builder {

        private final Map<String, Object> settings = new LinkedHashMap<>();
        private Clock clock = Clock.systemUTC();

        private Builder() {}

        /** Replaces an earlier value. */
        public Builder with(String key, Object value) {
            settings.put(key, value);
            return this;
        }

        public Builder upstream(TwelveLabsSimulator simulator) {
            return upstream(simulator.baseUrl());
        }

        public Builder upstream(String baseUrl) {
            return with("gateway.upstream.base-url", baseUrl);
        }

        /** @param address for JDBC; without one, a gateway in this process has a database in memory */
        public Builder database(String address) {
            return with("spring.datasource.url", address);
        }

        /** Polls a cancellation first after this long, later after no more than that. */
        public Builder followUps(String initialDelay, String maxDelay) {
            return with("gateway.follow-up.initial-delay", initialDelay).with("gateway.follow-up.max-delay", maxDelay);
        }

        /** Its time of day, which a gateway in this process goes by. */
        public Builder clock(Clock timeOfDay) {
            clock = timeOfDay;
            return this;
        }

        /** Starts it in this process. */
        public InProcess start() {
            with("server.port", 0).with("management.server.port", 0);
            return new InProcess(new SpringApplicationBuilder(CancelGatewayApplication.class)
                    .initializers((GenericApplicationContext context) -> context.registerBean(
                            "timeOfDay", Clock.class, () -> clock, definition -> definition.setPrimary(true)))
                    .run(arguments()));
        }

        /**
         * Starts the packaged one and waits until it is ready.
         *
         * @param directory for its log, and to run in
         */
        public Packaged startPackaged(Path directory) {
            return startPackaged(PackagedJar.command(), directory, true);
        }

        /**
         * Starts the gateway in this jar and waits until it is ready. Its API may be another than that of this version.
         *
         * @param directory for its log, and to run in
         */
        public Packaged startPackaged(Path jar, Path directory) {
            return startPackaged(PackagedJar.command(jar), directory, false);
        }

        private Packaged startPackaged(List<String> java, Path directory, boolean documented) {
            int port = freePort();
            int managementPort = freePort();
            with("server.port", port).with("management.server.port", managementPort);
            List<String> command = new ArrayList<>(java);
            command.addAll(List.of(arguments()));
            try {
                Path log = Files.createTempFile(directory, "gateway", ".log");
                Process process = new ProcessBuilder(command)
                        .directory(directory.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
                Packaged gateway = new Packaged(process, port, managementPort, documented);
                try {
                    await().atMost(Duration.ofMinutes(2)).until(() -> !process.isAlive() || gateway.ready());
                } catch (ConditionTimeoutException e) {
                    gateway.kill();
                    throw new IllegalStateException("Not ready after 2 minutes: " + Files.readString(log), e);
                }
                if (!process.isAlive()) {
                    throw new IllegalStateException(Files.readString(log));
                }
                return gateway;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private String[] arguments() {
            return settings.entrySet().stream()
                    .map(setting -> "--" + setting.getKey() + "=" + setting.getValue())
                    .toArray(String[]::new);
        }

        private static int freePort() {
            try (ServerSocket socket = new ServerSocket(0)) {
                return socket.getLocalPort();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
