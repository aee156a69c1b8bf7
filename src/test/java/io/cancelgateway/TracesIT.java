package io.cancelgateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.platform.AuditEvent;
import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.RecordedRequest;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.GatewayLog;
import io.cancelgateway.support.OtlpCollector;
import io.cancelgateway.support.OtlpCollector.Received;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.TestGateway;
import io.opentelemetry.proto.trace.v1.Span.SpanKind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The spans of a request, as a collector gets them. */
class TracesIT {

    private static final AtomicInteger TRACES = new AtomicInteger();
    private static final String CALLER_SPAN = "00f067aa0ba902b7";

    private static final TwelveLabsSimulator UPSTREAM = TwelveLabsSimulator.start(Clock.systemUTC());
    private static final OtlpCollector COLLECTOR = OtlpCollector.start();
    private static TestGateway gateway;

    private final String trace = "4bf92f3577b34da6a3ce929d%08x".formatted(TRACES.incrementAndGet());
    private final String traceparent = "00-" + trace + "-" + CALLER_SPAN + "-01";

    @BeforeAll
    static void start() {
        gateway = exportingTo(COLLECTOR.endpoint())
                .followUps("100ms", "200ms")
                .with("gateway.upstream.attempt-timeout", "1s")
                .start();
    }

    @AfterAll
    static void stop() {
        gateway.close();
        COLLECTOR.close();
        UPSTREAM.close();
    }

    private static TestGateway.Builder exportingTo(String endpoint) {
        return TestGateway.builder()
                .upstream(UPSTREAM)
                .with("management.opentelemetry.tracing.export.otlp.endpoint", endpoint)
                .with("management.opentelemetry.tracing.export.schedule-delay", "100ms");
    }

    private static String newBatch() {
        return UPSTREAM.account(TestGateway.KEY)
                .createBatch(3, 0, Duration.ofSeconds(2))
                .id();
    }

    @Test
    void aRequestWithTwoRetriesIsOneTraceWithASpanForEachAttempt() {
        String batch = newBatch();
        int before = UPSTREAM.requests(Operation.CANCEL).size();
        UPSTREAM.next(Operation.CANCEL, Fault.status(503, "down"), Fault.status(502, "down"));

        Reply reply = gateway.cancel(
                batch, "traceparent", traceparent, "tracestate", "vendor=secret", "baggage", "user=somebody");

        assertThat(reply.status()).isEqualTo(202);
        List<Received> spans = awaitSpans(4);
        Received request = spans.getFirst();
        assertThat(request.span().getKind()).isEqualTo(SpanKind.SPAN_KIND_SERVER);
        assertThat(request.parent()).isEqualTo(CALLER_SPAN);
        List<Received> attempts = spans.subList(1, 4);
        assertThat(attempts).allSatisfy(attempt -> {
            assertThat(attempt.span().getKind()).isEqualTo(SpanKind.SPAN_KIND_CLIENT);
            assertThat(attempt.span().getName()).isEqualTo("POST /v1.3/analyze/batches/{batch_id}/cancel");
            assertThat(attempt.parent()).isEqualTo(request.id());
            assertThat(attempt.attributes()).containsEntry("batch_id", batch);
        });
        assertThat(attempts)
                .extracting(attempt -> attempt.attributes().get("attempt") + " "
                        + attempt.attributes().get("result") + " "
                        + attempt.attributes().get("status"))
                .containsExactly("1 5xx 503", "2 5xx 502", "3 success 202");

        List<RecordedRequest> all = UPSTREAM.requests(Operation.CANCEL);
        List<RecordedRequest> sent = all.subList(before, all.size());
        assertThat(sent)
                .extracting(attempt -> attempt.header("traceparent").orElse(""))
                .containsExactlyElementsOf(attempts.stream()
                        .map(attempt -> "00-" + trace + "-" + attempt.id() + "-01")
                        .toList());
        assertThat(sent).allSatisfy(attempt -> {
            assertThat(attempt.header("tracestate")).isEmpty();
            assertThat(attempt.header("baggage")).isEmpty();
        });
    }

    @Test
    void anAttemptWithoutAnAnswerIsASpanToo() {
        UPSTREAM.next(Operation.CANCEL, Fault.hangBefore());

        gateway.cancel(newBatch(), "traceparent", traceparent);

        assertThat(awaitSpans(3).get(1).attributes())
                .containsEntry("result", "timeout")
                .containsEntry("exception", "TimeoutException");
    }

    @Test
    void deliveryAndPollsAreLinkedWithTheRequestAndTheLogOfItsEndHasItsTrace() {
        String batch = newBatch();
        try (GatewayLog log = new GatewayLog(AuditEvent.LOGGER)) {
            assertThat(gateway.cancel(batch, "Prefer", "respond-async", "traceparent", traceparent)
                            .status())
                    .isEqualTo(202);

            await().untilAsserted(() -> assertThat(log.events())
                    .filteredOn(event -> event.getFormattedMessage().contains(batch))
                    .filteredOn(event -> event.getFormattedMessage().contains("ended: canceled"))
                    .singleElement()
                    .satisfies(event -> assertThat(event.getMDCPropertyMap()).containsEntry("traceId", trace)));
        }

        Received request = awaitSpans(1).getFirst();
        String link = trace + "-" + request.id();
        await().until(() -> named("deliver cancel", batch).size() == 1
                && !named("poll batch", batch).isEmpty());
        Received delivery = named("deliver cancel", batch).getFirst();
        assertThat(delivery.trace()).isNotEqualTo(trace);
        assertThat(delivery.links()).containsExactly(link);
        assertThat(delivery.attributes()).containsEntry("tenant", "acme");
        assertThat(COLLECTOR.trace(delivery.trace()))
                .filteredOn(span -> span.parent().equals(delivery.id()))
                .extracting(attempt -> attempt.attributes().get("result"))
                .containsExactly("success");
        assertThat(named("poll batch", batch))
                .allSatisfy(poll -> assertThat(poll.links()).containsExactly(link));
    }

    private static List<Received> named(String name, String batch) {
        return COLLECTOR.spans().stream()
                .filter(span -> span.span().getName().equals(name))
                .filter(span -> batch.equals(span.attributes().get("batch_id")))
                .toList();
    }

    @Test
    void pollsForACallerThatWaitsAreInItsTrace() {
        assertThat(gateway.cancel(newBatch(), "Prefer", "wait=30", "traceparent", traceparent)
                        .status())
                .isEqualTo(200);

        await().untilAsserted(() -> assertThat(COLLECTOR.trace(trace))
                .extracting(span -> span.span().getName())
                .contains("POST /v1.3/analyze/batches/{batch_id}/cancel", "GET /v1.3/analyze/batches/{batch_id}"));
    }

    private List<Received> awaitSpans(int count) {
        await().until(() -> COLLECTOR.trace(trace).size() >= count);
        assertThat(COLLECTOR.trace(trace)).hasSize(count);
        return COLLECTOR.trace(trace);
    }

    @Test
    void aCollectorThatIsDownOrHangsCostsCallersNothingAndTheStopLittle() {
        int port = freePort();
        try (TestGateway other = exportingTo(OtlpCollector.endpoint(port))
                .with("management.opentelemetry.tracing.export.max-queue-size", 10)
                .with("management.opentelemetry.tracing.export.max-batch-size", 5)
                .start()) {
            cancelMany(other, 20);
            try (OtlpCollector collector = OtlpCollector.start(port)) {
                collector.hang();
                cancelMany(other, 1);
                await().until(() -> collector.requests() > 0);
                long hanging = System.nanoTime();
                cancelMany(other, 50); // ten times what the queue holds
                assertThat(Duration.ofNanos(System.nanoTime() - hanging))
                        .as("50 cancels; one export waits for 2 s")
                        .isLessThan(Duration.ofSeconds(20));

                long begun = System.nanoTime();
                other.close();
                assertThat(Duration.ofNanos(System.nanoTime() - begun))
                        .as("stop")
                        .isLessThan(Duration.ofSeconds(8));
            }
        }
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void cancelMany(TestGateway gateway, int count) {
        for (int i = 0; i < count; i++) {
            assertThat(gateway.cancel(newBatch()).status()).isEqualTo(202);
        }
    }
}
