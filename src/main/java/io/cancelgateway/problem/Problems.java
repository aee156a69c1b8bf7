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
import org.springframework.jdbc.UncategorizedSQLException;
import org.springframework.security.web.firewall.RequestRejectedException;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.transaction.TransactionSystemException;
import org.springframework.transaction.TransactionTimedOutException;
import org.springframework.web.ErrorResponse;
import org.springframework.web.context.request.async.AsyncRequestNotUsableException;

/** Finds the problem for an exception, or for a status that the container or Spring picked. */
public final class Problems {

    private static final Logger log = LoggerFactory.getLogger(Problems.class);

    private static final Duration LEDGER_RETRY_AFTER = Duration.ofSeconds(1);

    private Problems() {}

    /** The problem for an exception. A failure of the ledger, and an unexpected exception, is logged here. */
    public static Problem of(Throwable thrown) {
        if (isConnectionFailure(thrown)) {
            log.debug("The request body could not be read, or the answer could not be written: {}", thrown.toString());
            return connectionFailed();
        }
        return switch (thrown) {
            case ProblemException e -> e.problem();
            // Spring's own exceptions for a request that fits no handler: 404, 405, 413, 415, 400
            case ErrorResponse e -> ofStatus(e.getStatusCode().value()).withAllow(allow(e.getHeaders()));
            case HttpMessageNotReadableException e ->
                Problem.of(ProblemType.PARAMETER_INVALID, "The body is not readable.");
            case TypeMismatchException e -> Problem.of(ProblemType.PARAMETER_INVALID, "A parameter is malformed.");
            // the HTTP firewall checks a header when it is read
            case RequestRejectedException e -> Problem.of(ProblemType.PARAMETER_INVALID, "A header is malformed.");
            // from Tomcat, about a query; its message repeats the query, so it is not passed on
            case InvalidParameterException e when e.getErrorCode() != 400 -> ofStatus(e.getErrorCode());
            case InvalidParameterException _ -> undecodableQuery();
            case RuntimeException e when isLedgerFailure(e) -> ledgerUnavailable(e);
            default -> {
                log.error("Unexpected failure; the caller gets 500 internal_error", thrown);
                yield ofStatus(500);
            }
        };
    }

    /** Whether the ledger's database failed, and not a statement: it cannot be reached, does not answer, or refuses. */
    public static boolean isLedgerFailure(Throwable thrown) {
        return switch (thrown) {
            case CannotCreateTransactionException _,
                    TransactionSystemException _,
                    TransactionTimedOutException _,
                    DataAccessResourceFailureException _,
                    // such as of a database that has become read-only
                    UncategorizedSQLException _,
                    TransientDataAccessException _,
                    RecoverableDataAccessException _ -> true;
            default -> false;
        };
    }

    /**
     * Whether the container failed to read the body or to write the answer. No other I/O failure counts: it may be that
     * of a database connection.
     */
    static boolean isConnectionFailure(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            // the first is Tomcat's; ClientAbortException is a subclass
            if (cause instanceof BadRequestException || cause instanceof AsyncRequestNotUsableException) {
                return true;
            }
        }
        return false;
    }

    /** The problem for an error dispatch: by its status, or by the exception that a filter threw. */
    static Problem reported(int status, @Nullable Throwable thrown) {
        if (thrown == null) {
            return ofStatus(status);
        }
        if (status >= 500) {
            return of(thrown);
        }
        // Tomcat could not read the body, which is logged already
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
        return Problem.of(ProblemType.LEDGER_UNAVAILABLE, "The ledger's database does not answer.")
                .withRetryAfter(LEDGER_RETRY_AFTER);
    }

    /** The problem for a status alone, 400 or above. */
    static Problem undecodableQuery() {
        return Problem.of(ProblemType.PARAMETER_INVALID, "The query cannot be decoded.");
    }

    static Problem ofStatus(int status) {
        return switch (status) {
            case 400 -> Problem.of(ProblemType.PARAMETER_INVALID, "The request is malformed.");
            case 401 -> Problem.of(ProblemType.UNAUTHORIZED, "A valid credential is required.");
            case 403 -> Problem.of(ProblemType.PERMISSION_DENIED, "This caller lacks the permission for this request.");
            case 404 -> Problem.of(ProblemType.NOT_FOUND, "There is nothing at this path.");
            case 405 -> Problem.of(ProblemType.METHOD_NOT_ALLOWED, "This path does not accept this method.");
            case 413 -> Problem.of(ProblemType.CONTENT_TOO_LARGE, "The body is too large.");
            case 415 -> Problem.of(ProblemType.UNSUPPORTED_MEDIA_TYPE, "This path does not accept this content type.");
            default -> status < 500 ? refusedByContainer(status) : internalError();
        };
    }

    /** The problem for a request that the container refused before the application saw it. */
    static Problem refusedByContainer(int status) {
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
                ProblemType.INTERNAL_ERROR,
                "The gateway failed unexpectedly; its log has details under this trace id.");
    }

    private static List<String> allow(HttpHeaders headers) {
        List<String> methods = new ArrayList<>();
        for (HttpMethod method : Objects.requireNonNullElse(headers.getAllow(), List.<HttpMethod>of())) {
            methods.add(method.name());
        }
        return methods;
    }
}
