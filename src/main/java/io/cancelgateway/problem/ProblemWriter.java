package io.cancelgateway.problem;

import io.micrometer.tracing.Span;
import io.micrometer.tracing.Tracer;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * Renders a {@link Problem} as an RFC 9457 problem that is also a TwelveLabs error, so that an official SDK can read
 * it. There is no content negotiation: an error is JSON, whatever the request accepts.
 *
 * @see <a href="https://docs.twelvelabs.io/v1.3/api-reference">TwelveLabs API reference</a>
 */
@Component
public class ProblemWriter {

    private static final String CONTENT_TYPE = "application/problem+json";

    private final JsonMapper json;
    private final Tracer tracer;

    ProblemWriter(JsonMapper json, Tracer tracer) {
        this.json = json;
        this.tracer = tracer;
    }

    /**
     * Answers {@code request} with {@code problem}. Does nothing if the response is already committed.
     *
     * @throws IOException if the answer cannot be written, such as to a connection that the caller has closed
     */
    public void write(HttpServletRequest request, HttpServletResponse response, Problem problem) throws IOException {
        if (response.isCommitted()) {
            return;
        }
        response.resetBuffer();
        response.setStatus(problem.status());
        response.setContentType(CONTENT_TYPE);
        // what the container refuses meets no filter that would add them
        ResponseHeaders.addTo(response);
        if (problem.retryAfter() != null) {
            response.setHeader(HttpHeaders.RETRY_AFTER, Long.toString(roundedUpToSeconds(problem.retryAfter())));
        }
        if (problem.status() == 401) {
            response.setHeader(HttpHeaders.WWW_AUTHENTICATE, "Bearer");
        }
        if (!problem.allow().isEmpty()) {
            response.setHeader(HttpHeaders.ALLOW, String.join(", ", problem.allow()));
        }
        byte[] body = json.writeValueAsBytes(body(problem, path(request), traceId()));
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }

    /** The path that the caller requested, also after a dispatch to the error path. */
    private static @Nullable String path(HttpServletRequest request) {
        return request.getAttribute(RequestDispatcher.ERROR_REQUEST_URI) instanceof String path
                ? path
                : request.getRequestURI();
    }

    private static Map<String, Object> body(Problem problem, @Nullable String path, String traceId) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("type", problem.type().uri());
        body.put("title", problem.type().title());
        body.put("status", problem.status());
        body.put("detail", problem.message());
        if (path != null && isUriReference(path)) {
            body.put("instance", path);
        }
        body.put("trace_id", traceId);
        body.put("error", new TwelveLabsError(problem.code(), problem.message()));
        return body;
    }

    private String traceId() {
        Span span = tracer.currentSpan();
        // a request that the container refuses has no span
        return (span != null ? span : tracer.nextSpan()).context().traceId();
    }

    /** Rounded down, the wait would bring the caller back too early. */
    private static long roundedUpToSeconds(Duration duration) {
        return duration.plusNanos(999_999_999).toSeconds();
    }

    private static boolean isUriReference(String path) {
        try {
            return new URI(path).getRawPath() != null;
        } catch (URISyntaxException e) {
            return false;
        }
    }

    private record TwelveLabsError(String code, String message) {}
}
