package io.cancelgateway.problem;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.TypeMismatchException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.security.web.firewall.RequestRejectedException;
import org.springframework.web.ErrorResponse;

/** Finds the row of the table for what was thrown, or for a bare status that something else already picked. */
final class Problems {

    private static final Logger log = LoggerFactory.getLogger(Problems.class);

    private Problems() {}

    static Problem of(Exception thrown) {
        return switch (thrown) {
            case ProblemException e -> e.problem();
            // Spring's own exceptions of a request that fits no handler: 404, 405, 413, 415, 400
            case ErrorResponse e -> ofStatus(e.getStatusCode().value()).withAllow(allow(e.getHeaders()));
            case HttpMessageNotReadableException e ->
                Problem.of(ProblemType.PARAMETER_INVALID, "The body is not readable.");
            case TypeMismatchException e -> Problem.of(ProblemType.PARAMETER_INVALID, "A parameter is malformed.");
            // the HTTP firewall looks at a header when it is read
            case RequestRejectedException e -> Problem.of(ProblemType.PARAMETER_INVALID, "A header is malformed.");
            default -> {
                log.error("Unexpected failure; the caller gets 500 internal_error", thrown);
                yield ofStatus(500);
            }
        };
    }

    static Problem ofStatus(int status) {
        return switch (status) {
            case 400 -> Problem.of(ProblemType.PARAMETER_INVALID, "The request is malformed.");
            case 401 -> Problem.of(ProblemType.UNAUTHORIZED, "A valid credential is required.");
            case 403 -> Problem.of(ProblemType.PERMISSION_DENIED, "This caller may not do this.");
            case 404 -> Problem.of(ProblemType.NOT_FOUND, "There is nothing at this path.");
            case 405 -> Problem.of(ProblemType.METHOD_NOT_ALLOWED, "This path does not take this method.");
            case 413 -> Problem.of(ProblemType.CONTENT_TOO_LARGE, "The body is too large.");
            case 415 -> Problem.of(ProblemType.UNSUPPORTED_MEDIA_TYPE, "This path does not take this content type.");
            default -> status < 500 ? refusedBelowTheApplication(status) : internalError();
        };
    }

    /** What the container or the HTTP firewall answers before the application sees the request. */
    static Problem refusedBelowTheApplication(int status) {
        return new Problem(
                ProblemType.BAD_REQUEST,
                status,
                ProblemType.BAD_REQUEST.code(),
                "The request is not acceptable HTTP.",
                null,
                List.of());
    }

    private static Problem internalError() {
        return Problem.of(
                ProblemType.INTERNAL_ERROR, "Something went wrong in the gateway; the trace id finds it in its log.");
    }

    private static List<String> allow(HttpHeaders headers) {
        List<String> methods = new ArrayList<>();
        for (HttpMethod method : Objects.requireNonNullElse(headers.getAllow(), List.<HttpMethod>of())) {
            methods.add(method.name());
        }
        return methods;
    }
}
