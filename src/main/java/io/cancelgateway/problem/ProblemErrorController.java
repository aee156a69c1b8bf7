package io.cancelgateway.problem;

import io.micrometer.tracing.Tracer;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.webmvc.error.ErrorController;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Renders the errors that a filter or the container reports by {@code sendError}, and what a filter throws. */
@RestController
class ProblemErrorController implements ErrorController {

    private final ProblemWriter writer;
    private final RequestTrace trace;

    ProblemErrorController(ProblemWriter writer, RequestTrace trace) {
        this.writer = writer;
        this.trace = trace;
    }

    @RequestMapping("${spring.web.error.path:${error.path:/error}}")
    void error(HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (response.isCommitted()) {
            return; // the answer was cut off, and the reason is logged already
        }
        // no status: a caller requested this path itself, and nothing is there
        int status = request.getAttribute(RequestDispatcher.ERROR_STATUS_CODE) instanceof Integer code ? code : 404;
        @Nullable Throwable thrown = (Throwable) request.getAttribute(RequestDispatcher.ERROR_EXCEPTION);
        try (Tracer.SpanInScope _ = trace.resume(request)) {
            writer.write(request, response, Problems.reported(status, thrown));
        }
    }
}
