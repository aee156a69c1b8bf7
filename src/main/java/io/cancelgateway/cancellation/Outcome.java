package io.cancelgateway.cancellation;

import io.cancelgateway.problem.ProblemType;
import io.cancelgateway.twelvelabs.Answer;
import java.util.Locale;

/** How a request to cancel ended, in the words of the audit trail and of dashboards. */
enum Outcome {
    ACCEPTED,
    CONFIRMED,
    /** Asynchronous: recorded, to be delivered. */
    QUEUED,
    NOT_FOUND,
    ALREADY_TERMINAL,
    REFUSED,
    RATE_LIMITED,
    KEY_REJECTED,
    UPSTREAM_ERROR,
    UNAVAILABLE,
    DEADLINE_EXCEEDED,
    INTERNAL_ERROR;

    /** The outcome of a request with this answer. */
    static Outcome of(Answer answer) {
        return switch (answer) {
            case Answer.Accepted _ -> ACCEPTED;
            case Answer.Found _ -> CONFIRMED;
            case Answer.Invalid _ -> REFUSED;
            case Answer.NotFound _ -> NOT_FOUND;
            case Answer.AlreadyTerminal _ -> ALREADY_TERMINAL;
            case Answer.RateLimited _ -> RATE_LIMITED;
            case Answer.KeyRejected _ -> KEY_REJECTED;
            case Answer.Failed _ -> UPSTREAM_ERROR;
            case Answer.Unavailable _ -> UNAVAILABLE;
            case Answer.DeadlineExceeded _ -> DEADLINE_EXCEEDED;
        };
    }

    /** The outcome of a request that failed in the gateway before it had an answer. */
    static Outcome of(ProblemType failure) {
        return switch (failure) {
            case LEDGER_UNAVAILABLE -> UNAVAILABLE;
            case DEADLINE_EXCEEDED -> DEADLINE_EXCEEDED;
            default -> INTERNAL_ERROR;
        };
    }

    /**
     * The outcome of a request that was answered with this status, 400 or above, before {@link Cancellations} got it.
     */
    static Outcome ofStatus(int status) {
        return switch (status) {
            case 429 -> RATE_LIMITED;
            case 503 -> UNAVAILABLE;
            default -> status < 500 ? REFUSED : INTERNAL_ERROR;
        };
    }

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
