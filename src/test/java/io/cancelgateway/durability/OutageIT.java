package io.cancelgateway.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.CancelGatewayApplication;
import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.EndToEnd;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** The settings of production, and an upstream that is down for everybody: the gateway must not make it worse. */
class OutageIT {

    private static final int CANCELS = 300;
    private static final int AT_A_TIME = 10;
    private static final String KEY = "tlk_outage";
    private static final String TOKEN = "token-of-outage";

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private record Timed(int status, String retryAfter, Duration took) {}

    @Test
    void anUpstreamThatAnswers503ToAll() throws Exception {
        try (TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC());
                ConfigurableApplicationContext gateway = start(simulator.baseUrl())) {
            TwelveLabsSimulator.Account account = simulator.account(KEY);
            String id = account.createBatch().id();
            simulator.always(Operation.CANCEL, Fault.status(503, "unavailable"));

            List<Timed> answers = cancelAll(gateway, id);
            int attempts = simulator.requests().size();
            simulator.reset();
            Duration healed = timeToHeal(gateway, id);

            report("503 to all", answers, attempts, healed);
            assertThat(attempts).isLessThanOrEqualTo(120);
            assertMostAreTheBreakers(answers);
        }
    }

    @Test
    void aClosedPort() throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        try (ConfigurableApplicationContext gateway = start("http://127.0.0.1:" + port + "/v1.3")) {
            List<Timed> answers = cancelAll(gateway, "68f4ddaf8aaa60d33df0e800");
            double attempts = gateway.getBean(io.micrometer.core.instrument.MeterRegistry.class)
                    .get("cancel.gateway.upstream.attempts")
                    .tag("result", "connect_failed")
                    .counter()
                    .count();
            try (TwelveLabsSimulator simulator = TwelveLabsSimulator.start(port, Clock.systemUTC())) {
                String id = simulator.account(KEY).createBatch().id();
                Duration healed = timeToHeal(gateway, id);

                report("closed port", answers, (int) attempts, healed);
                assertThat(attempts).isLessThanOrEqualTo(120);
                assertMostAreTheBreakers(answers);
            }
        }
    }

    private static void assertMostAreTheBreakers(List<Timed> answers) {
        List<Timed> breakers =
                answers.stream().filter(answer -> answer.status() == 503).toList();
        assertThat(breakers).hasSizeGreaterThan(CANCELS * 8 / 10);
        assertThat(breakers)
                .allSatisfy(answer ->
                        assertThat(Integer.parseInt(answer.retryAfter())).isBetween(1, 5));
    }

    private List<Timed> cancelAll(ConfigurableApplicationContext gateway, String id) throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(AT_A_TIME)) {
            List<Future<Timed>> futures = new ArrayList<>();
            for (int i = 0; i < CANCELS; i++) {
                futures.add(threads.submit(() -> cancel(gateway, id)));
            }
            List<Timed> answers = new ArrayList<>();
            for (Future<Timed> future : futures) {
                answers.add(future.get());
            }
            return answers;
        }
    }

    private Duration timeToHeal(ConfigurableApplicationContext gateway, String id) {
        long start = System.nanoTime();
        await().atMost(Duration.ofSeconds(20)).until(() -> cancel(gateway, id).status() == 202);
        return Duration.ofNanos(System.nanoTime() - start);
    }

    private Timed cancel(ConfigurableApplicationContext gateway, String id) throws IOException, InterruptedException {
        String port = gateway.getEnvironment().getProperty("local.server.port");
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + port + "/v1.3/analyze/batches/" + id + "/cancel"))
                .POST(HttpRequest.BodyPublishers.noBody())
                .header("x-api-key", TOKEN)
                .build();
        long start = System.nanoTime();
        HttpResponse<Void> response = http.send(request, HttpResponse.BodyHandlers.discarding());
        return new Timed(
                response.statusCode(),
                response.headers().firstValue("Retry-After").orElse(null),
                Duration.ofNanos(System.nanoTime() - start));
    }

    private static void report(String outage, List<Timed> answers, int attempts, Duration healed) {
        Map<Integer, Long> statuses =
                answers.stream().collect(Collectors.groupingBy(Timed::status, Collectors.counting()));
        List<Duration> breakers = answers.stream()
                .filter(answer -> answer.status() == 503)
                .map(Timed::took)
                .sorted()
                .toList();
        System.out.printf(
                "OUTAGE %s: %d cancels, answers %s, %d attempts, breaker's 503 median %d ms, p99 %d ms, healed after %d ms%n",
                outage,
                answers.size(),
                statuses,
                attempts,
                breakers.get(breakers.size() / 2).toMillis(),
                breakers.get(breakers.size() * 99 / 100).toMillis(),
                healed.toMillis());
    }

    private static ConfigurableApplicationContext start(String baseUrl) {
        return new SpringApplicationBuilder(CancelGatewayApplication.class)
                .run(
                        "--server.port=0",
                        "--management.server.port=0",
                        "--gateway.upstream.base-url=" + baseUrl,
                        "--gateway.tenants.acme.api-key=" + KEY,
                        "--gateway.callers.ops.token-sha256=" + EndToEnd.sha256(TOKEN),
                        "--gateway.callers.ops.tenants=acme");
    }
}
