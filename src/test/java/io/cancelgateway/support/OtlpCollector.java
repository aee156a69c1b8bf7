package io.cancelgateway.support;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/**
 * Takes traces as a collector does, over HTTP in protobuf.
 *
 * @see <a href="https://opentelemetry.io/docs/specs/otlp/#otlphttp">OTLP/HTTP</a>
 */
public final class OtlpCollector implements AutoCloseable {

    private final HttpServer server;
    private final List<Received> spans = new CopyOnWriteArrayList<>();
    private final AtomicInteger requests = new AtomicInteger();
    private final CountDownLatch closing = new CountDownLatch(1);
    private volatile boolean hanging;

    /** A span, with its ids in hexadecimal digits. */
    public record Received(Span span) {

        public String trace() {
            return hex(span.getTraceId().toByteArray());
        }

        public String id() {
            return hex(span.getSpanId().toByteArray());
        }

        public String parent() {
            return hex(span.getParentSpanId().toByteArray());
        }

        /** Trace and span that it is linked with, as {@code <trace>-<span>}. */
        public List<String> links() {
            return span.getLinksList().stream()
                    .map(link -> hex(link.getTraceId().toByteArray()) + "-"
                            + hex(link.getSpanId().toByteArray()))
                    .toList();
        }

        public Map<String, String> attributes() {
            return span.getAttributesList().stream()
                    .collect(Collectors.toMap(
                            KeyValue::getKey, pair -> pair.getValue().getStringValue()));
        }

        private static String hex(byte[] bytes) {
            return HexFormat.of().formatHex(bytes);
        }
    }

    private OtlpCollector(HttpServer server) {
        this.server = server;
        server.createContext("/v1/traces", this::receive);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.start();
    }

    public static OtlpCollector start() {
        return start(0);
    }

    public static OtlpCollector start(int port) {
        try {
            return new OtlpCollector(HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void receive(HttpExchange exchange) throws IOException {
        requests.incrementAndGet();
        ExportTraceServiceRequest request = ExportTraceServiceRequest.parseFrom(exchange.getRequestBody());
        if (hanging) {
            awaitClose();
        }
        request.getResourceSpansList().stream()
                .flatMap(resource -> resource.getScopeSpansList().stream())
                .flatMap(scope -> scope.getSpansList().stream())
                .map(Received::new)
                .forEach(spans::add);
        byte[] answer = ExportTraceServiceResponse.getDefaultInstance().toByteArray();
        exchange.getResponseHeaders().add("Content-Type", "application/x-protobuf");
        exchange.sendResponseHeaders(200, answer.length == 0 ? -1 : answer.length);
        exchange.close();
    }

    private void awaitClose() {
        try {
            closing.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Answers nothing from now on. */
    public void hang() {
        hanging = true;
    }

    public String endpoint() {
        return endpoint(server.getAddress().getPort());
    }

    public static String endpoint(int port) {
        return "http://127.0.0.1:" + port + "/v1/traces";
    }

    /** How often it was asked to take spans. */
    public int requests() {
        return requests.get();
    }

    /** Those of one trace, in the order of their start. */
    public List<Received> trace(String id) {
        return spans().stream().filter(span -> span.trace().equals(id)).toList();
    }

    /** All, in the order of their start. */
    public List<Received> spans() {
        return spans.stream()
                .sorted((a, b) -> Long.compareUnsigned(
                        a.span().getStartTimeUnixNano(), b.span().getStartTimeUnixNano()))
                .toList();
    }

    @Override
    public void close() {
        closing.countDown();
        server.stop(0);
    }
}
