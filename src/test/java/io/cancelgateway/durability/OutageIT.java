package io.cancelgateway.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.TestGateway;
import java.net.InetAddress;
import java.net.ServerSocket;
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

/** The settings of production, and an upstream that is down for everybody: the gateway must not make it worse. */
class OutageIT {

    private static final int CANCELS = 300;
    private static final int AT_A_TIME = 10;

    private record Timed(int status, String retryAfter, Duration took) {}

    @Test
    void anUpstreamThatAnswers503ToAll() throws Exception {
        try (TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC());
                TestGateway.InProcess gateway = start(simulator.baseUrl())) {
            TwelveLabsSimulator.Account account = simulator.account(TestGateway.KEY);
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
        try (TestGateway.InProcess gateway = start("http://127.0.0.1:" + port + "/v1.3")) {
            List<Timed> answers = cancelAll(gateway, "68f4ddaf8aaa60d33df0e800");
            double attempts = gateway.bean(io.micrometer.core.instrument.MeterRegistry.class)
                    .get("cancel.gateway.upstream.attempts")
                    .tag("result", "connect_failed")
                    .counter()
                    .count();
            try (TwelveLabsSimulator simulator = TwelveLabsSimulator.start(port, Clock.systemUTC())) {
                String id = simulator.account(TestGateway.KEY).createBatch().id();
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

    private List<Timed> cancelAll(TestGateway.InProcess gateway, String id) throws Exception {
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

    private Duration timeToHeal(TestGateway.InProcess gateway, String id) {
        long start = System.nanoTime();
        await().atMost(Duration.ofSeconds(20)).until(() -> cancel(gateway, id).status() == 202);
        return Duration.ofNanos(System.nanoTime() - start);
    }

    private static Timed cancel(TestGateway gateway, String id) {
        long start = System.nanoTime();
        Reply reply = gateway.cancel(id);
        return new Timed(reply.status(), reply.header("Retry-After"), Duration.ofNanos(System.nanoTime() - start));
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
                "OUTAGE %s: %d cancels, answers %s, %d attempts, breaker's 503 median %d ms, p99 %d ms,"
                        + " healed after %d ms%n",
                outage,
                answers.size(),
                statuses,
                attempts,
                breakers.get(breakers.size() / 2).toMillis(),
                breakers.get(breakers.size() * 99 / 100).toMillis(),
                healed.toMillis());
    }

    private static TestGateway.InProcess start(String baseUrl) {
        return TestGateway.builder().upstream(baseUrl).start();
    }
}
