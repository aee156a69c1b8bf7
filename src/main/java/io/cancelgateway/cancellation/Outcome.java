package io.cancelgateway.cancellation;

import io.cancelgateway.problem.ProblemType;
import io.cancelgateway.twelvelabs.Answer;
import java.util.Locale;

/** How a request to cancel ended, in the words of bulk results and dashboards. */
enum Outcome {
    ACCEPTED,
    CONFIRMED,
    NOT_FOUND,
    ALREADY_TERMINAL,
    REFUSED,
    RATE_LIMITED,
    KEY_REJECTED,
    UPSTREAM_ERROR,
    UNAVAILABLE,
    DEADLINE_EXCEEDED,
    INTERNAL_ERROR;

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

    /** How a request ended that failed here before it had an answer. */
    static Outcome of(ProblemType failure) {
        return switch (failure) {
            case LEDGER_UNAVAILABLE -> UNAVAILABLE;
            case DEADLINE_EXCEEDED -> DEADLINE_EXCEEDED;
            default -> INTERNAL_ERROR;
        };
    }

    /** Of a request that was answered before {@link Cancellations} was asked: 400 or above. */
    static Outcome ofStatus(int status) {
        return switch (status) {
            case 503 -> UNAVAILABLE;
            default -> status < 500 ? REFUSED : INTERNAL_ERROR;
        };
    }

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
