package io.cancelgateway.problem;

import io.micrometer.tracing.Tracer;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Renders the errors that Tomcat itself finds: bad request lines, encoded slashes, large headers, wrong framing. */
class ProblemErrorReportValve extends ErrorReportValve {

    private static final Logger log = LoggerFactory.getLogger(ProblemErrorReportValve.class);

    private final ProblemWriter writer;
    private final RequestTrace trace;

    ProblemErrorReportValve(ProblemWriter writer, RequestTrace trace) {
        this.writer = writer;
        this.trace = trace;
    }

    @Override
    protected void report(Request request, Response response, @Nullable Throwable throwable) {
        int status = response.getStatus();
        // like ErrorReportValve: only an error that has no body yet
        if (status < 400 || response.getContentWritten() > 0 || !response.setErrorReported()) {
            return;
        }
        try (Tracer.SpanInScope _ = trace.resume(request.getRequest())) {
            if (throwable != null && status >= 500) {
                log.error("Unexpected failure in the servlet container; the caller gets {}", status, throwable);
            }
            Problem problem = status == 500 ? Problems.ofStatus(500) : Problems.refusedByContainer(status);
            writer.write(request.getRequest(), (HttpServletResponse) response.getResponse(), problem);
            response.finishResponse();
        } catch (IOException e) {
            log.debug("The caller was gone before its {} could be written: {}", status, e.toString());
        }
    }
}
