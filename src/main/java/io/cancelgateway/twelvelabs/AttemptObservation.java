package io.cancelgateway.twelvelabs;

import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.transport.Kind;
import io.micrometer.observation.transport.SenderContext;
import java.net.URI;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;

/**
 * One attempt, as the meter {@code http.client.requests} and its span in the trace show it. The tags of the meter are
 * those of Spring's own observation of a {@code WebClient}. That one ends with the head of the response, when it is
 * still open whether the body comes and can be read; this one ends when the attempt has its result.
 *
 * @see <a href="https://docs.spring.io/spring-framework/reference/integration/observability.html">Spring Framework,
 *     HTTP client instrumentation</a>
 */
final class AttemptObservation {

    private static final ObservationConvention<Context> CONVENTION = new Convention();

    private final Context context;
    private final Observation observation;

    private AttemptObservation(Context context, ObservationRegistry registry) {
        this.context = context;
        this.observation = Observation.start(CONVENTION, () -> context, registry);
    }

    /** Observes the attempts at one upstream. */
    static final class Source {

        private final ObservationRegistry registry;
        private final String host;
        private final String basePath;

        Source(ObservationRegistry registry, URI baseUrl) {
            this.registry = registry;
            this.host = baseUrl.getHost();
            this.basePath = baseUrl.getPath().replaceAll("/+$", "");
        }

        /** @param number which attempt of its call this is, from 1 */
        AttemptObservation start(VendorRequest request, int number) {
            String path = basePath + request.operation().path();
            return new AttemptObservation(new Context(request, number, host, path), registry);
        }
    }

    /** The headers that carry the trace upstream: {@code traceparent}, and nothing else that a caller sent. */
    HttpHeaders headers() {
        return context.propagated;
    }

    /** Notes why there is no complete response. Its message goes into the trace, so it must not repeat secrets. */
    void failed(Throwable cause) {
        observation.error(cause);
    }

    /** @param status of the response, or null if there is none */
    void ended(Attempt attempt, @Nullable Integer status) {
        context.status = status;
        context.result = attempt.result();
    }

    /** Must be called whatever happens. */
    void stop() {
        observation.stop();
    }

    private static final class Context extends SenderContext<HttpHeaders> {

        private final VendorRequest request;
        private final int number;
        private final String host;
        private final String path;
        private final HttpHeaders propagated = new HttpHeaders();
        private @Nullable Integer status;
        private String result = KeyValue.NONE_VALUE;

        Context(VendorRequest request, int number, String host, String path) {
            super(Context::propagate, Kind.CLIENT);
            this.request = request;
            this.number = number;
            this.host = host;
            this.path = path;
            setCarrier(propagated);
        }

        /** Leaves out {@code tracestate}, which callers can put anything into. */
        private static void propagate(@Nullable HttpHeaders headers, String name, String value) {
            if (headers != null && name.equalsIgnoreCase("traceparent")) {
                headers.set(name, value);
            }
        }
    }

    private static final class Convention implements ObservationConvention<Context> {

        @Override
        public boolean supportsContext(Observation.Context context) {
            return context instanceof Context;
        }

        @Override
        public String getName() {
            return "http.client.requests";
        }

        @Override
        public String getContextualName(Context context) {
            return context.request.operation().method() + " " + context.path;
        }

        @Override
        public KeyValues getLowCardinalityKeyValues(Context context) {
            return KeyValues.of(
                    "method", context.request.operation().method().name(),
                    "uri", context.path,
                    "status", status(context),
                    "client.name", context.host,
                    "exception", exception(context),
                    "outcome", outcome(context));
        }

        /** These are in the span only. */
        @Override
        public KeyValues getHighCardinalityKeyValues(Context context) {
            KeyValues values = KeyValues.of("attempt", Integer.toString(context.number), "result", context.result);
            return switch (context.request) {
                case VendorRequest.Cancel(BatchId batch) -> values.and("batch_id", batch.canonical());
                case VendorRequest.Retrieve(BatchId batch) -> values.and("batch_id", batch.canonical());
                case VendorRequest.ListBatches _ -> values;
            };
        }

        private static String status(Context context) {
            return context.status == null ? "CLIENT_ERROR" : context.status.toString();
        }

        private static String exception(Context context) {
            @Nullable Throwable error = context.getError();
            return error == null ? KeyValue.NONE_VALUE : error.getClass().getSimpleName();
        }

        private static String outcome(Context context) {
            if (context.status == null) {
                return "UNKNOWN";
            }
            return switch (context.status / 100) {
                case 1 -> "INFORMATIONAL";
                case 2 -> "SUCCESS";
                case 3 -> "REDIRECTION";
                case 4 -> "CLIENT_ERROR";
                case 5 -> "SERVER_ERROR";
                default -> "UNKNOWN";
            };
        }
    }
}
