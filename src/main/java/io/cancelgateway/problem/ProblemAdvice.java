package io.cancelgateway.problem;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.util.DisconnectedClientHelper;

/** Renders whatever a handler throws. */
@RestControllerAdvice
class ProblemAdvice {

    private static final Logger log = LoggerFactory.getLogger(ProblemAdvice.class);

    private final ProblemWriter writer;

    ProblemAdvice(ProblemWriter writer) {
        this.writer = writer;
    }

    @ExceptionHandler
    void render(Exception thrown, HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (DisconnectedClientHelper.isClientDisconnectedException(thrown)) {
            log.debug("The caller hung up before it could be answered");
            return;
        }
        Problem problem = Problems.of(thrown);
        if (response.isCommitted()) {
            // an answer that was cut off must not look complete: the container closes the connection upon this
            throw new AnswerCutOffException(thrown);
        }
        writer.write(request, response, problem);
    }

    private static final class AnswerCutOffException extends IOException {

        private static final long serialVersionUID = 1L;

        private AnswerCutOffException(Exception cause) {
            super("The answer was cut off", cause);
        }
    }
}
