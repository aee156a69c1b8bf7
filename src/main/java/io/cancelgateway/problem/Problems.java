package io.cancelgateway.problem;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.coyote.BadRequestException;
import org.apache.tomcat.util.http.InvalidParameterException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.TypeMismatchException;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.RecoverableDataAccessException;
import org.springframework.dao.TransientDataAccessException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.security.web.firewall.RequestRejectedException;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.transaction.TransactionSystemException;
import org.springframework.transaction.TransactionTimedOutException;
import org.springframework.web.ErrorResponse;
import org.springframework.web.context.request.async.AsyncRequestNotUsableException;

/** Finds the row of the table for what was thrown, or for a bare status that something else already picked. */
public final class Problems {

    private static final Logger log = LoggerFactory.getLogger(Problems.class);

    private static final Duration LEDGER_RETRY_AFTER = Duration.ofSeconds(1);

    private Problems() {}

    /** The answer to what was thrown. A failure of the ledger, and whatever nobody expected, is logged here. */
    public static Problem of(Throwable thrown) {
        if (isOfTheConnection(thrown)) {
            log.debug("The body could not be read, or the answer not be written: {}", thrown.toString());
            return connectionFailed();
        }
        return switch (thrown) {
            case ProblemException e -> e.problem();
            // Spring's own exceptions of a request that fits no handler: 404, 405, 413, 415, 400
            case ErrorResponse e -> ofStatus(e.getStatusCode().value()).withAllow(allow(e.getHeaders()));
            case HttpMessageNotReadableException e ->
                Problem.of(ProblemType.PARAMETER_INVALID, "The body is not readable.");
            case TypeMismatchException e -> Problem.of(ProblemType.PARAMETER_INVALID, "A parameter is malformed.");
            // the HTTP firewall looks at a header when it is read
            case RequestRejectedException e -> Problem.of(ProblemType.PARAMETER_INVALID, "A header is malformed.");
            // Tomcat's, of a query; its message repeats the query
            case InvalidParameterException e when e.getErrorCode() != 400 -> ofStatus(e.getErrorCode());
            case InvalidParameterException _ ->
                Problem.of(ProblemType.PARAMETER_INVALID, "The query cannot be decoded.");
            case CannotCreateTransactionException _,
                    TransactionSystemException _,
                    TransactionTimedOutException _,
                    DataAccessResourceFailureException _,
                    TransientDataAccessException _,
                    RecoverableDataAccessException _ -> ledgerUnavailable(thrown);
            default -> {
                log.error("Unexpected failure; the caller gets 500 internal_error", thrown);
                yield ofStatus(500);
            }
        };
    }

    /**
     * Whether the container failed to read the body or to write the answer. No other I/O failure is the caller's: a
     * database that hangs up looks the same.
     */
    static boolean isOfTheConnection(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            // the first is Tomcat's, its ClientAbortException included
            if (cause instanceof BadRequestException || cause instanceof AsyncRequestNotUsableException) {
                return true;
            }
        }
        return false;
    }

    /** The row for what was reported to the error dispatch: by its status alone, or by what a filter threw. */
    static Problem reported(int status, @Nullable Throwable thrown) {
        if (thrown == null) {
            return ofStatus(status);
        }
        if (status >= 500) {
            return of(thrown);
        }
        // Tomcat's report of a body that it cannot read, which whoever read it has logged
        return status == 400 && thrown instanceof IOException ? connectionFailed() : ofStatus(status);
    }

    private static Problem connectionFailed() {
        return Problem.of(ProblemType.BAD_REQUEST, "The body is malformed, or ended before it was complete.");
    }

    private static Problem ledgerUnavailable(Throwable thrown) {
        Throwable cause = NestedExceptionUtils.getRootCause(thrown);
        log.warn(
                "The ledger's database does not answer; the caller gets 503 ledger_unavailable: {}",
                Objects.requireNonNullElse(cause, thrown).toString());
        return Problem.of(ProblemType.LEDGER_UNAVAILABLE, "The ledger does not answer now.")
                .withRetryAfter(LEDGER_RETRY_AFTER);
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
