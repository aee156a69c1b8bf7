package io.cancelgateway.cancellation;

import io.cancelgateway.problem.Problem;
import io.cancelgateway.problem.ProblemException;
import io.cancelgateway.problem.ProblemType;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;

/**
 * The body that some clients send with a cancel, which has none. It is ignored up to 1 MiB. The container would not
 * read a larger body to its end: the answer to a cancel that took effect could be lost with the connection.
 */
final class IgnoredBody {

    private static final int MAX_BYTES = 1024 * 1024;

    private IgnoredBody() {}

    /**
     * Checks the size of the body, and reads it if its length is not declared.
     *
     * @throws ProblemException {@code content_too_large} if it is larger than 1 MiB
     * @throws IOException if it cannot be read
     */
    static void requireSmall(HttpServletRequest request) throws IOException {
        long length = request.getContentLengthLong();
        boolean chunked = length < 0;
        if (length > MAX_BYTES || (chunked && isLonger(request))) {
            throw Problem.of(ProblemType.CONTENT_TOO_LARGE, "A cancel has no body; this one is larger than 1 MiB.")
                    .toException();
        }
    }

    private static boolean isLonger(HttpServletRequest request) throws IOException {
        long skipped = 0;
        byte[] buffer = new byte[8192];
        for (int read; (read = request.getInputStream().read(buffer)) >= 0; skipped += read) {
            if (skipped > MAX_BYTES) {
                return true;
            }
        }
        return false;
    }
}
