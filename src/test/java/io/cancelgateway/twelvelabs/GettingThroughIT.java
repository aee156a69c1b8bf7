package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.Reply;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.test.context.TestPropertySource;

/** Waiting, pausing, and not losing what is in flight. */
@TestPropertySource(properties = "gateway.retry.max-attempts=3")
class GettingThroughIT extends EndToEnd {

    private static final String[] AS_GLOBEX = {"x-api-key", WIDE_TOKEN, "X-Tenant-Id", "globex"};

    @Test
    void aRetryAfterThatFitsIsWaitedFor() {
        SIMULATOR.next(Operation.CANCEL, Fault.status(503, "busy", Map.of("Retry-After", "1")));
        long start = System.nanoTime();

        assertThat(cancel(ACME.createBatch().id()).status()).isEqualTo(202);

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(Duration.ofSeconds(1));
        assertThat(SIMULATOR.requests()).hasSize(2);
    }

    @Test
    void aRetryAfterThatDoesNotFitIsPassedOnUncut() {
        SIMULATOR.next(Operation.CANCEL, Fault.status(503, "busy", Map.of("Retry-After", "60")));

        Reply reply = cancel(ACME.createBatch().id()).isProblem(502, "upstream_error");

        assertThat(reply.header("Retry-After")).isEqualTo("60");
        assertThat(SIMULATOR.requests()).hasSize(1);
    }

    @Test
    void anHttpDateIsReadAgainstTheAnswersDate() {
        Instant tomorrow = Instant.now().plus(Duration.ofDays(1));
        DateTimeFormatter http = DateTimeFormatter.RFC_1123_DATE_TIME.withZone(ZoneOffset.UTC);
        SIMULATOR.next(
                Operation.CANCEL,
                Fault.status(
                        429,
                        "too_many_requests",
                        Map.of("Date", http.format(tomorrow), "Retry-After", http.format(tomorrow.plusSeconds(77)))));

        Reply reply = cancel(ACME.createBatch().id()).isProblem(429, "too_many_requests");

        assertThat(reply.header("Retry-After")).isEqualTo("77");
    }

    @Test
    void a429PausesItsTenantAndNobodyElse() {
        SIMULATOR.next(Operation.CANCEL, Fault.rateLimited("3600"));
        assertThat(cancel(ACME.createBatch().id())
                        .isProblem(429, "too_many_requests")
                        .header("Retry-After"))
                .isEqualTo("3600");
        assertThat(gauge("cancel.gateway.tenants.paused")).isEqualTo(1);
        SIMULATOR.reset();

        Reply paused = cancel(ACME.createBatch().id()).isProblem(429, "too_many_requests");
        assertThat(Integer.parseInt(paused.header("Retry-After"))).isBetween(3590, 3600);
        retrieve(ACME.createBatch().id()).isProblem(429, "too_many_requests");
        assertThat(SIMULATOR.requests()).isEmpty();
        assertThat(cancel(GLOBEX.createBatch().id(), AS_GLOBEX).status()).isEqualTo(202);

        // the pause is capped at five minutes
        time.push(Duration.ofSeconds(299));
        assertThat(gauge("cancel.gateway.tenants.paused")).isEqualTo(1);
        time.push(Duration.ofSeconds(2));
        assertThat(gauge("cancel.gateway.tenants.paused")).isZero();
        assertThat(cancel(ACME.createBatch().id()).status()).isEqualTo(202);
    }

    @Test
    void whoWaitsForAPermitIsToldOfThePauseThatBeganMeanwhile() throws Exception {
        SIMULATOR.always(Operation.CANCEL, Fault.rateLimited("3600"));
        String id = ACME.createBatch().id();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Reply>> replies = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                replies.add(threads.submit(() -> cancel(id)));
            }
            for (Future<Reply> reply : replies) {
                reply.get().isProblem(429, "too_many_requests");
            }
        }
        // no more than had a permit when the first answer came
        assertThat(SIMULATOR.requests()).hasSizeLessThanOrEqualTo(32);
    }

    @Test
    void aRetrieveToReconcileOnADeadConnectionIsMadeAgain() {
        SimulatedBatch batch = ACME.createBatch(3, 0, Duration.ofHours(1));
        batch.cancelNow(Instant.now());
        // two at the same time, so that there are two connections
        SIMULATOR.always(Operation.CANCEL, Fault.slow(Duration.ofMillis(400)));
        CompletableFuture<Reply> other =
                CompletableFuture.supplyAsync(() -> cancel(ACME.createBatch().id()));
        await().until(() -> SIMULATOR.requests().size() == 1);
        retrieve(ACME.createBatch().id());
        other.join();
        time.push(Duration.ofSeconds(2));
        SIMULATOR.reset();
        // the attempts use one connection and close it, so that the other one is left, which is old and dead
        SIMULATOR.next(
                Operation.CANCEL,
                Fault.status(500, "oops"),
                Fault.status(409, "batch_canceled", Map.of("Connection", "close")));
        SIMULATOR.next(Operation.RETRIEVE, Fault.resetBefore());

        Reply reply = cancel(batch.id());

        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
        assertThat(SIMULATOR.requests(Operation.RETRIEVE)).hasSize(2);
    }

    @Test
    void aPauseWhoseRestFitsTheDeadlineIsWaitedFor() {
        SIMULATOR.next(Operation.CANCEL, Fault.rateLimited("30"));
        cancel(ACME.createBatch().id()).isProblem(429, "too_many_requests");
        time.push(Duration.ofSeconds(29));
        long start = System.nanoTime();

        assertThat(cancel(ACME.createBatch().id()).status()).isEqualTo(202);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(500));
        assertThat(SIMULATOR.requests()).hasSize(2);
    }

    @Test
    void a429WithoutRetryAfterIsBackedOffFromWithoutAPause() {
        SIMULATOR.next(Operation.CANCEL, Fault.status(429, "too_many_requests"));

        assertThat(cancel(ACME.createBatch().id()).status()).isEqualTo(202);
        assertThat(gauge("cancel.gateway.tenants.paused")).isZero();
    }

    @Test
    void retriesStayWithinTheBudgetAndThoseNotMadeAreCounted() {
        double exhausted = count("cancel.gateway.retry.budget.exhausted");
        SIMULATOR.always(Operation.CANCEL, Fault.status(500, "oops"));
        String id = ACME.createBatch().id();

        for (int i = 0; i < 30; i++) {
            cancel(id).isProblem(502, "upstream_error");
        }

        // ten are always allowed in ten seconds, which is more than a fifth of 30
        assertThat(SIMULATOR.requests()).hasSize(30 + 10);
        assertThat(count("cancel.gateway.retry.budget.exhausted")).isEqualTo(exhausted + 30 - 5);
        assertThat(cancel(GLOBEX.createBatch().id(), AS_GLOBEX).status()).isEqualTo(502);
        assertThat(SIMULATOR.requests()).hasSize(40 + 3);
    }

    @Test
    void aCallerWhoHangsUpDoesNotAbortTheAttempt() throws IOException {
        SimulatedBatch batch = ACME.createBatch();
        double accepted = count("cancel.gateway.cancellations", "tenant", "acme", "outcome", "accepted");
        SIMULATOR.next(Operation.CANCEL, Fault.status(500, "oops"), Fault.slow(Duration.ofMillis(300)));

        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.getOutputStream()
                    .write(("POST " + cancelPath(batch.id()) + " HTTP/1.1\r\nHost: a\r\nx-api-key: " + TOKEN
                                    + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            await().until(() -> SIMULATOR.requests().size() == 2);
            socket.setSoLinger(true, 0);
        }

        await().untilAsserted(
                        () -> assertThat(count("cancel.gateway.cancellations", "tenant", "acme", "outcome", "accepted"))
                                .isEqualTo(accepted + 1));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void connectionsThatTheUpstreamDroppedMeanwhileCostNothing(boolean reset) {
        for (int i = 0; i < 50; i++) {
            warm(3);
            SIMULATOR.dropConnections(reset);
            time.push(Duration.ofSeconds(2));
            Reply reply = cancel(ACME.createBatch().id());
            assertThat(reply.status()).as(reply.text()).isEqualTo(202);
        }
    }

    @Test
    void connectionsThatTurnOutToBeDeadCostNothing() {
        for (int i = 0; i < 20; i++) {
            warm(8);
            SIMULATOR.killConnections();
            time.push(Duration.ofSeconds(2));
            int before = SIMULATOR.requests().size();
            double counted = count("cancel.gateway.upstream.attempts");
            Reply reply = cancel(ACME.createBatch().id());
            assertThat(reply.status()).as(reply.text()).isEqualTo(202);
            assertThat(SIMULATOR.requests().size() - before).isLessThanOrEqualTo(2);
            // nothing was repeated behind our back
            assertThat(count("cancel.gateway.upstream.attempts") - counted)
                    .isEqualTo(SIMULATOR.requests().size() - before);
        }
    }

    /** Leaves so many idle connections in the pool. */
    private void warm(int connections) {
        SIMULATOR.always(Operation.RETRIEVE, Fault.slow(Duration.ofMillis(20)));
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Reply>> replies = new ArrayList<>();
            for (int i = 0; i < connections; i++) {
                String id = ACME.createBatch().id();
                replies.add(threads.submit(() -> retrieve(id)));
            }
            assertThat(replies)
                    .allSatisfy(reply -> assertThat(reply.get().status())
                            .as(reply.get().text())
                            .isEqualTo(200));
        }
    }
}
