package io.cancelgateway.problem;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;

/** Renders whatever a handler throws. */
@RestControllerAdvice
class ProblemAdvice {

    private final ProblemWriter writer;

    ProblemAdvice(ProblemWriter writer) {
        this.writer = writer;
    }

    @ExceptionHandler
    void render(Exception thrown, HttpServletRequest request, HttpServletResponse response) throws IOException {
        writer.write(request, response, Problems.of(thrown));
    }
}
