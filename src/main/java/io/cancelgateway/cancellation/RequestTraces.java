package io.cancelgateway.cancellation;

import io.cancelgateway.ledger.FollowedCancellation;
import io.cancelgateway.ledger.RequestSpan;
import io.micrometer.tracing.CurrentTraceContext;
import io.micrometer.tracing.Link;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.TraceContext;
import io.micrometer.tracing.Tracer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * The traces of requests, and what is done for a request after it was answered. That gets traces of its own, with a
 * link to the span of the request: a batch may be followed for a day, and a request may be long gone from the store of
 * traces.
 *
 * @see <a href="https://opentelemetry.io/docs/concepts/signals/traces/#span-links">OpenTelemetry, span links</a>
 */
@Component
class RequestTraces {

    private final Tracer tracer;

    RequestTraces(Tracer tracer) {
        this.tracer = tracer;
    }

    /** The span of the request that this thread works on, or null if there is none. */
    @Nullable
    RequestSpan current() {
        @Nullable Span span = tracer.currentSpan();
        return span == null
                ? null
                : new RequestSpan(span.context().traceId(), span.context().spanId());
    }

    /** Runs the work in a new trace, whose first span is linked with the span of the request. */
    <T> T linked(String name, FollowedCancellation followed, Supplier<T> work) {
        Span.Builder builder = tracer.spanBuilder()
                .setNoParent()
                .name(name)
                .tag("tenant", followed.key().tenant().value())
                .tag("batch_id", followed.key().batchId());
        @Nullable RequestSpan request = followed.span();
        if (request != null) {
            builder.addLink(new Link(context(request)));
        }
        Span span = builder.start();
        try (Tracer.SpanInScope _ = tracer.withSpan(span)) {
            return work.get();
        } finally {
            span.end();
        }
    }

    /** Runs the work in the trace of the request, so that what it logs has the ids of that. */
    <T> T inTraceOf(FollowedCancellation followed, Supplier<T> work) {
        @Nullable RequestSpan request = followed.span();
        if (request == null) {
            return work.get();
        }
        try (CurrentTraceContext.Scope _ = tracer.currentTraceContext().newScope(context(request))) {
            return work.get();
        }
    }

    /** The work in the trace of this thread, for another thread. */
    Runnable withCurrent(Runnable work) {
        @Nullable Span span = tracer.currentSpan();
        return span == null
                ? work
                : () -> {
                    try (Tracer.SpanInScope _ = tracer.withSpan(span)) {
                        work.run();
                    }
                };
    }

    private TraceContext context(RequestSpan request) {
        return tracer.traceContextBuilder()
                .traceId(request.traceId())
                .spanId(request.spanId())
                .sampled(false)
                .build();
    }
}
