package io.cancelgateway.problem;

import io.micrometer.tracing.Span;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.handler.TracingObservationHandler.TracingContext;
import io.micrometer.tracing.propagation.Propagator;
import jakarta.servlet.http.HttpServletRequest;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.ServerHttpObservationFilter;

/** The trace of a request, for whoever answers it before the filter that begins the trace, or after it. */
@Component
class RequestTrace {

    private final Tracer tracer;
    private final Propagator propagator;

    RequestTrace(Tracer tracer, Propagator propagator) {
        this.tracer = tracer;
        this.propagator = propagator;
    }

    /** Until it is closed, answers and log lines of this thread carry the request's trace id. */
    Tracer.SpanInScope resume(HttpServletRequest request) {
        return tracer.withSpan(span(request));
    }

    private Span span(HttpServletRequest request) {
        return ServerHttpObservationFilter.findObservationContext(request)
                .map(observed -> observed.<TracingContext>get(TracingContext.class))
                .map(TracingContext::getSpan)
                // refused before that filter: of the caller's trace, or of a new one
                .orElseGet(() -> propagator
                        .extract(request, HttpServletRequest::getHeader)
                        .start());
    }
}
