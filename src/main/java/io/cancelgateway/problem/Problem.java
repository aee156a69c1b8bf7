package io.cancelgateway.problem;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One error answer.
 *
 * @param type its row in the table of errors
 * @param status the HTTP status; the type's, unless the servlet container chose another
 * @param code {@code error.code}; the type's, unless it is the upstream's
 * @param message the text for the caller; never a key, a token or a stack trace
 * @param retryAfter how long the caller should wait: {@code Retry-After} in seconds, rounded up (RFC 9110, section
 *     10.2.3); null for no such header
 * @param allow the methods of the {@code Allow} header of a 405, else empty
 */
public record Problem(
        ProblemType type,
        int status,
        String code,
        String message,
        @Nullable Duration retryAfter,
        List<String> allow) {

    /** A problem with the status and the code of its type. */
    public static Problem of(ProblemType type, String message) {
        return new Problem(type, type.status(), type.code(), message, null, List.of());
    }

    /** The same problem with the upstream's {@code code}. */
    public Problem withCode(String upstreamCode) {
        return new Problem(type, status, upstreamCode, message, retryAfter, allow);
    }

    /** The same problem with a {@code Retry-After}, or without one if {@code after} is null. */
    public Problem withRetryAfter(@Nullable Duration after) {
        return new Problem(type, status, code, message, after, allow);
    }

    /** The same problem with an {@code Allow} header. */
    Problem withAllow(List<String> methods) {
        return new Problem(type, status, code, message, retryAfter, methods);
    }

    /** An exception that carries this problem to the one place that renders it; to be thrown by the caller. */
    public ProblemException toException() {
        return new ProblemException(this);
    }
}
