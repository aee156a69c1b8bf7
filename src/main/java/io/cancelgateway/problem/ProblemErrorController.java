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

/** Renders what a filter or the container reported by {@code sendError}, or a filter threw. */
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
            return; // whoever cut the answer off has said why
        }
        // no status: somebody asked for this path itself, where nothing is
        int status = request.getAttribute(RequestDispatcher.ERROR_STATUS_CODE) instanceof Integer code ? code : 404;
        @Nullable Throwable thrown = (Throwable) request.getAttribute(RequestDispatcher.ERROR_EXCEPTION);
        try (Tracer.SpanInScope _ = trace.resume(request)) {
            writer.write(request, response, Problems.reported(status, thrown));
        }
    }
}
