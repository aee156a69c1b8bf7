package io.cancelgateway.problem;

import io.micrometer.tracing.Span;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.handler.TracingObservationHandler.TracingContext;
import io.micrometer.tracing.propagation.Propagator;
import jakarta.servlet.http.HttpServletRequest;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.ServerHttpObservationFilter;

/** The trace of a request that is answered outside the filter that begins and ends the trace. */
@Component
class RequestTrace {

    private final Tracer tracer;
    private final Propagator propagator;

    RequestTrace(Tracer tracer, Propagator propagator) {
        this.tracer = tracer;
        this.propagator = propagator;
    }

    /** Answers and log lines of this thread carry the request's trace id until the returned scope is closed. */
    Tracer.SpanInScope resume(HttpServletRequest request) {
        return tracer.withSpan(span(request));
    }

    private Span span(HttpServletRequest request) {
        return ServerHttpObservationFilter.findObservationContext(request)
                .map(observed -> observed.<TracingContext>get(TracingContext.class))
                .map(TracingContext::getSpan)
                // refused before that filter: joins the caller's trace, or begins a new one
                .orElseGet(() -> propagator
                        .extract(request, HttpServletRequest::getHeader)
                        .start());
    }
}
