package io.cancelgateway.problem;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;

/** Renders the exceptions that handlers throw. */
@RestControllerAdvice
class ProblemAdvice {

    private static final Logger log = LoggerFactory.getLogger(ProblemAdvice.class);

    private final ProblemWriter writer;

    ProblemAdvice(ProblemWriter writer) {
        this.writer = writer;
    }

    @ExceptionHandler
    void render(Exception thrown, HttpServletRequest request, HttpServletResponse response) throws IOException {
        Problem problem = Problems.of(thrown);
        if (!response.isCommitted()) {
            write(problem, request, response);
        } else if (!Problems.isConnectionFailure(thrown)) {
            throw new AnswerCutOffException(thrown);
        }
        // otherwise the container reports the unreadable body itself, or the connection is gone
    }

    private void write(Problem problem, HttpServletRequest request, HttpServletResponse response) {
        try {
            writer.write(request, response, problem);
        } catch (IOException e) {
            log.debug("The caller was gone before its {} could be written: {}", problem.status(), e.toString());
        }
    }

    /** An answer that was cut off must not look complete: on this exception the container closes the connection. */
    private static final class AnswerCutOffException extends IOException {

        private static final long serialVersionUID = 1L;

        private AnswerCutOffException(Exception cause) {
            super("The answer was cut off", cause);
        }
    }
}
