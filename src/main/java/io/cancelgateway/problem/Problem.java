package io.cancelgateway.problem;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One error answer.
 *
 * @param type the row of the table
 * @param status the HTTP status; the type's, except where the servlet container chose another
 * @param code {@code error.code}; the type's, except where it is the upstream's
 * @param message what to tell the caller; never a key, a token or a stack trace
 * @param retryAfter when to come back, in whole seconds upwards, or null for no {@code Retry-After}
 * @param allow the methods of the {@code Allow} header of a 405, else empty
 */
public record Problem(
        ProblemType type,
        int status,
        String code,
        String message,
        @Nullable Duration retryAfter,
        List<String> allow) {

    /** A problem as its type says. */
    public static Problem of(ProblemType type, String message) {
        return new Problem(type, type.status(), type.code(), message, null, List.of());
    }

    /** The same problem with the upstream's {@code code}. */
    public Problem withCode(String upstreamCode) {
        return new Problem(type, status, upstreamCode, message, retryAfter, allow);
    }

    /** The same problem with a {@code Retry-After}, or without where {@code after} is null. */
    public Problem withRetryAfter(@Nullable Duration after) {
        return new Problem(type, status, code, message, after, allow);
    }

    /** The same problem with an {@code Allow} header. */
    Problem withAllow(List<String> methods) {
        return new Problem(type, status, code, message, retryAfter, methods);
    }

    /** Throws this problem through the layers up to the one place that renders it. */
    public ProblemException toException() {
        return new ProblemException(this);
    }
}
