package io.cancelgateway.cancellation;

import io.cancelgateway.problem.Problem;
import io.cancelgateway.problem.ProblemException;
import io.cancelgateway.problem.ProblemType;
import io.cancelgateway.twelvelabs.Answer;
import io.cancelgateway.twelvelabs.Batch;
import io.cancelgateway.twelvelabs.RefusalReason;
import io.cancelgateway.twelvelabs.VendorError;
import java.time.Duration;

/** What a caller is told of an upstream's answer: the batch, or a problem. */
final class Replies {

    private Replies() {}

    /** The batch of an answer that has one. */
    sealed interface Result {
        record Shown(Batch batch) implements Result {}

        record Refused(Problem problem) implements Result {}
    }

    /** @throws ProblemException for every answer without a batch */
    static Batch batchOrThrow(Answer answer) {
        return switch (of(answer)) {
            case Result.Shown(Batch batch) -> batch;
            case Result.Refused(Problem problem) -> throw problem.toException();
        };
    }

    static Result of(Answer answer) {
        return switch (answer) {
            case Answer.Accepted(Batch batch) -> new Result.Shown(batch);
            case Answer.Found(Batch batch) -> new Result.Shown(batch);
            case Answer.Invalid(VendorError error) -> upstreamSays(ProblemType.UPSTREAM_BAD_REQUEST, error);
            case Answer.NotFound(VendorError error) -> upstreamSays(ProblemType.BATCH_NOT_FOUND, error);
            case Answer.AlreadyTerminal(VendorError error) -> upstreamSays(ProblemType.BATCH_TERMINAL, error);
            case Answer.RateLimited(Duration retryAfter, RefusalReason _) ->
                refused(Problem.of(ProblemType.TOO_MANY_REQUESTS, "The tenant is over its rate or its concurrency.")
                        .withRetryAfter(retryAfter));
            case Answer.KeyRejected() ->
                refused(Problem.of(
                        ProblemType.TENANT_KEY_REJECTED,
                        "The upstream refuses the tenant's key or account; its operators must act."));
            case Answer.Failed(String why, Duration retryAfter) ->
                refused(Problem.of(ProblemType.UPSTREAM_ERROR, "The upstream gave no usable answer: " + why + ".")
                        .withRetryAfter(retryAfter));
            case Answer.Unavailable(Duration retryAfter, RefusalReason _) ->
                refused(Problem.of(
                                ProblemType.UPSTREAM_UNAVAILABLE,
                                "The upstream fails too often; nothing is sent to it for now.")
                        .withRetryAfter(retryAfter));
            case Answer.DeadlineExceeded() ->
                refused(Problem.of(
                        ProblemType.DEADLINE_EXCEEDED,
                        "The upstream did not answer in time; whether the request took effect is not known."));
        };
    }

    private static Result upstreamSays(ProblemType type, VendorError error) {
        return refused(Problem.of(type, error.message()).withCode(error.code()));
    }

    private static Result refused(Problem problem) {
        return new Result.Refused(problem);
    }
}
