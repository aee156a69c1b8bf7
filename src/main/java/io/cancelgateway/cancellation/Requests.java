package io.cancelgateway.cancellation;

import io.cancelgateway.problem.Problem;
import io.cancelgateway.problem.ProblemException;
import io.cancelgateway.problem.ProblemType;
import io.cancelgateway.twelvelabs.BatchId;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Collections;
import java.util.List;

/** Reads the parts of a request that several controllers need. */
final class Requests {

    private Requests() {}

    /** @throws ProblemException {@code parameter_invalid} if {@code text} is not a batch id */
    static BatchId batchId(String text) {
        return BatchId.parse(text).orElseThrow(() -> malformed("A batch id is 24 hex digits."));
    }

    static List<String> headers(HttpServletRequest request, String name) {
        return Collections.list(request.getHeaders(name));
    }

    static ProblemException malformed(String message) {
        return Problem.of(ProblemType.PARAMETER_INVALID, message).toException();
    }
}
