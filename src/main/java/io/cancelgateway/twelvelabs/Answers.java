package io.cancelgateway.twelvelabs;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What the caller is told. Pure functions: nothing is sent, waited for or remembered here. */
final class Answers {

    /** How long the caller is told to wait where nothing better is known. */
    static final Duration DEFAULT_RETRY_AFTER = Duration.ofSeconds(1);

    private Answers() {}

    /** The answer where no attempt could be made. */
    static Answer of(Step.NotMade notMade) {
        return switch (notMade) {
            case Step.Paused(Duration _, Duration retryAfter) ->
                new Answer.RateLimited(longer(retryAfter, DEFAULT_RETRY_AFTER), RefusalReason.PAUSED);
            case Step.BulkheadFull() -> new Answer.RateLimited(DEFAULT_RETRY_AFTER, RefusalReason.BULKHEAD);
            case Step.BreakerOpen(Duration retryAfter, RefusalReason reason) ->
                new Answer.Unavailable(retryAfter, reason);
            case Step.OutOfTime() -> new Answer.DeadlineExceeded();
        };
    }

    /**
     * The answer after the last attempt.
     *
     * @param operation what the caller asked for
     * @param deadlineReached whether the call has no time left
     * @param retryAfter what this attempt's response said in {@code Retry-After}
     * @param pause what is left of the tenant's pause, which another call may have begun; zero where there is none
     */
    static Answer of(
            Operation operation, Attempt last, boolean deadlineReached, Optional<Duration> retryAfter, Duration pause) {
        return switch (last) {
            case Attempt.Success(Batch batch) ->
                operation == Operation.CANCEL ? new Answer.Accepted(batch) : new Answer.Found(batch);
            case Attempt.Success(BatchPage _) ->
                throw new IllegalArgumentException("A page of batches is no answer about one batch");
            case Attempt.NotSent notSent ->
                notSent.localTimeout() || deadlineReached
                        ? new Answer.DeadlineExceeded()
                        : failed("not reachable, " + notSent.cause().description(), retryAfter);
            case Attempt.TimedOut() -> new Answer.DeadlineExceeded();
            case Attempt.Reset _ -> failed("it ended the connection", retryAfter);
            case Attempt.Unreadable(int status) -> failed("unreadable with status " + status, retryAfter);
            case Attempt.ErrorStatus error -> of(error, retryAfter, pause);
        };
    }

    private static Answer of(Attempt.ErrorStatus error, Optional<Duration> retryAfter, Duration pause) {
        return switch (error.status()) {
            case 400 ->
                new Answer.Invalid(
                        vendorError(error, "parameter_invalid", "The upstream takes the request for malformed."));
            case 401, 403 -> new Answer.KeyRejected();
            case 404 ->
                new Answer.NotFound(vendorError(error, "resource_not_exist", "The upstream has no such batch."));
            case 409 -> new Answer.AlreadyTerminal(vendorError(error, "conflict", "The batch is already terminal."));
            // the upstream may have told another call of this tenant to wait for longer
            case 429 ->
                new Answer.RateLimited(
                        longer(retryAfter.orElse(DEFAULT_RETRY_AFTER), pause), RefusalReason.UPSTREAM_429);
            default -> failed("status " + error.status(), retryAfter);
        };
    }

    /**
     * The answer to a cancel whose batch was retrieved to find out whether an earlier attempt took effect.
     *
     * @param answer the answer without that: {@link Answer.AlreadyTerminal} after a 409 {@code batch_canceled}, or
     *     {@link Answer.Failed} after an unreadable 2xx
     */
    static Answer reconciled(Answer answer, Batch found) {
        if (found.canceling()) {
            return new Answer.Accepted(found);
        }
        // a 409 has said that the batch is at its end; after an unreadable 2xx only `canceled` shows that the cancel
        // worked
        boolean confirmed = answer instanceof Answer.AlreadyTerminal ? found.terminal() : found.canceled();
        return confirmed ? new Answer.Found(found) : answer;
    }

    private static Answer.Failed failed(String why, Optional<Duration> retryAfter) {
        return new Answer.Failed(why, retryAfter.orElse(null));
    }

    /** The vendor's own words, completed by ours where it sent none. */
    private static VendorError vendorError(Attempt.ErrorStatus error, String defaultCode, String defaultMessage) {
        @Nullable VendorError sent = error.error();
        if (sent == null) {
            return new VendorError(defaultCode, defaultMessage);
        }
        return sent.message().isBlank() ? new VendorError(sent.code(), defaultMessage) : sent;
    }

    private static Duration longer(Duration a, Duration b) {
        return a.compareTo(b) > 0 ? a : b;
    }
}
