package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The table of what a caller is told. */
class AnswersTests {

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Optional<Duration> NO_RETRY_AFTER = Optional.empty();
    private static final Optional<Duration> RETRY_AFTER = Optional.of(Duration.ofSeconds(7));
    private static final VendorError ERROR = new VendorError("odd", "Something is odd.");

    @Test
    void aSuccessIsWhatWasAskedFor() {
        Batch batch = batch("canceling");

        assertThat(answer(Operation.CANCEL, new Attempt.Success(batch))).isEqualTo(new Answer.Accepted(batch));
        assertThat(answer(Operation.RETRIEVE, new Attempt.Success(batch))).isEqualTo(new Answer.Found(batch));
    }

    @Test
    void aPageIsNoAnswerAboutOneBatch() {
        Attempt page = new Attempt.Success(new BatchPage(List.of(), null, new byte[0]));

        assertThatThrownBy(() -> answer(Operation.LIST, page)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aCallWithoutTimeHasReachedItsDeadline() {
        assertThat(Answers.of(new Step.OutOfTime())).isEqualTo(new Answer.DeadlineExceeded());
    }

    @Test
    void a400IsInvalidInTheVendorsWordsOrOurs() {
        assertThat(answer(status(400, ERROR))).isEqualTo(new Answer.Invalid(ERROR));
        assertThat(answer(status(400, null)))
                .isEqualTo(new Answer.Invalid(
                        new VendorError("parameter_invalid", "The upstream takes the request for malformed.")));
        assertThat(answer(status(400, new VendorError("odd", " "))))
                .isEqualTo(new Answer.Invalid(new VendorError("odd", "The upstream takes the request for malformed.")));
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 403})
    void a401OrA403IsAboutTheKey(int status) {
        assertThat(answer(status(status, ERROR))).isEqualTo(new Answer.KeyRejected());
        assertThat(answer(status(status, null))).isEqualTo(new Answer.KeyRejected());
    }

    @Test
    void a404IsNotFoundInTheVendorsWordsOrOurs() {
        assertThat(answer(status(404, ERROR))).isEqualTo(new Answer.NotFound(ERROR));
        assertThat(answer(status(404, null)))
                .isEqualTo(
                        new Answer.NotFound(new VendorError("resource_not_exist", "The upstream has no such batch.")));
        assertThat(answer(status(404, new VendorError("odd", ""))))
                .isEqualTo(new Answer.NotFound(new VendorError("odd", "The upstream has no such batch.")));
    }

    @Test
    void a409IsAlreadyTerminalInTheVendorsWordsOrOurs() {
        assertThat(answer(status(409, ERROR))).isEqualTo(new Answer.AlreadyTerminal(ERROR));
        assertThat(answer(status(409, null)))
                .isEqualTo(new Answer.AlreadyTerminal(new VendorError("conflict", "The batch is already terminal.")));
        assertThat(answer(status(409, new VendorError("odd", ""))))
                .isEqualTo(new Answer.AlreadyTerminal(new VendorError("odd", "The batch is already terminal.")));
    }

    @Test
    void a429TellsTheLongerOfItsRetryAfterAndThePause() {
        Attempt limited = status(429, ERROR);

        assertThat(answer(limited)).isEqualTo(new Answer.RateLimited(SECOND, RefusalReason.UPSTREAM_429));
        assertThat(answer(limited, false, RETRY_AFTER, Duration.ZERO))
                .isEqualTo(new Answer.RateLimited(Duration.ofSeconds(7), RefusalReason.UPSTREAM_429));
        assertThat(answer(limited, false, RETRY_AFTER, Duration.ofSeconds(8)))
                .isEqualTo(new Answer.RateLimited(Duration.ofSeconds(8), RefusalReason.UPSTREAM_429));
        assertThat(answer(limited, false, RETRY_AFTER, Duration.ofSeconds(6)))
                .isEqualTo(new Answer.RateLimited(Duration.ofSeconds(7), RefusalReason.UPSTREAM_429));
        assertThat(answer(limited, false, NO_RETRY_AFTER, Duration.ofSeconds(8)))
                .isEqualTo(new Answer.RateLimited(Duration.ofSeconds(8), RefusalReason.UPSTREAM_429));
    }

    @ParameterizedTest
    @ValueSource(ints = {301, 302, 402, 405, 408, 410, 418, 422, 500, 501, 502, 503, 504, 505, 999})
    void anyOtherStatusIsAFailureWithTheVendorsRetryAfter(int status) {
        assertThat(answer(status(status, ERROR))).isEqualTo(new Answer.Failed("status " + status, null));
        assertThat(answer(status(status, null))).isEqualTo(new Answer.Failed("status " + status, null));
        assertThat(answer(status(status, ERROR), false, RETRY_AFTER, Duration.ofSeconds(8)))
                .isEqualTo(new Answer.Failed("status " + status, Duration.ofSeconds(7)));
    }

    @Test
    void anUnreadableSuccessAndAResetAreFailures() {
        assertThat(answer(new Attempt.Unreadable(202)))
                .isEqualTo(new Answer.Failed("unreadable with status 202", null));
        assertThat(answer(new Attempt.Reset(false))).isEqualTo(new Answer.Failed("it ended the connection", null));
        assertThat(answer(new Attempt.Reset(true))).isEqualTo(new Answer.Failed("it ended the connection", null));
    }

    @Test
    void aTimeoutIsAMissedDeadline() {
        assertThat(answer(new Attempt.TimedOut())).isEqualTo(new Answer.DeadlineExceeded());
    }

    @ParameterizedTest
    @EnumSource(Attempt.NotSent.Cause.class)
    void whatWasNotSentIsAFailureUnlessTimeRanOutHere(Attempt.NotSent.Cause cause) {
        Attempt notSent = new Attempt.NotSent(cause);
        boolean local = cause == Attempt.NotSent.Cause.POOL_EXHAUSTED || cause == Attempt.NotSent.Cause.ATTEMPT_TIMEOUT;

        assertThat(answer(notSent))
                .isEqualTo(
                        local
                                ? new Answer.DeadlineExceeded()
                                : new Answer.Failed("not reachable, " + cause.description(), null));
        assertThat(cause.description()).isNotBlank();
        assertThat(answer(notSent, true, NO_RETRY_AFTER, Duration.ZERO)).isEqualTo(new Answer.DeadlineExceeded());
    }

    @Test
    void anAnswerStaysOneWhenTheDeadlineIsReached() {
        assertThat(answer(status(404, ERROR), true, NO_RETRY_AFTER, Duration.ZERO))
                .isEqualTo(new Answer.NotFound(ERROR));
        assertThat(answer(status(500, ERROR), true, NO_RETRY_AFTER, Duration.ZERO))
                .isEqualTo(new Answer.Failed("status 500", null));
        assertThat(answer(new Attempt.Reset(false), true, NO_RETRY_AFTER, Duration.ZERO))
                .isEqualTo(new Answer.Failed("it ended the connection", null));
    }

    @Test
    void whereNoAttemptCouldBeMadeTheAnswerSaysWhenToComeBack() {
        assertThat(Answers.of(new Step.BulkheadFull()))
                .isEqualTo(new Answer.RateLimited(SECOND, RefusalReason.BULKHEAD));
        assertThat(Answers.of(new Step.BreakerOpen(Duration.ofMillis(20), RefusalReason.UPSTREAM_BREAKER)))
                .isEqualTo(new Answer.Unavailable(Duration.ofMillis(20), RefusalReason.UPSTREAM_BREAKER));
        assertThat(Answers.of(new Step.Paused(Duration.ofMinutes(5), Duration.ofHours(1))))
                .isEqualTo(new Answer.RateLimited(Duration.ofHours(1), RefusalReason.PAUSED));
        assertThat(Answers.of(new Step.Paused(Duration.ofMillis(20), Duration.ofMillis(20))))
                .isEqualTo(new Answer.RateLimited(SECOND, RefusalReason.PAUSED));
    }

    @Test
    void afterAConflictEveryEndOfTheBatchIsFound() {
        Answer conflict = new Answer.AlreadyTerminal(ERROR);

        for (String end : new String[] {"canceled", "completed", "expired"}) {
            Batch batch = batch(end);
            assertThat(Answers.reconciled(conflict, batch)).isEqualTo(new Answer.Found(batch));
        }
        Batch canceling = batch("canceling");
        assertThat(Answers.reconciled(conflict, canceling)).isEqualTo(new Answer.Accepted(canceling));
        for (String running : new String[] {"pending", "processing", "new"}) {
            assertThat(Answers.reconciled(conflict, batch(running))).isSameAs(conflict);
        }
    }

    @Test
    void afterAnUnreadableSuccessOnlyACanceledBatchIsFound() {
        Answer unreadable = new Answer.Failed("unreadable with status 202", null);
        Batch canceled = batch("canceled");
        Batch canceling = batch("canceling");

        assertThat(Answers.reconciled(unreadable, canceled)).isEqualTo(new Answer.Found(canceled));
        assertThat(Answers.reconciled(unreadable, canceling)).isEqualTo(new Answer.Accepted(canceling));
        for (String other : new String[] {"completed", "expired", "pending", "processing", "new"}) {
            assertThat(Answers.reconciled(unreadable, batch(other))).isSameAs(unreadable);
        }
    }

    private static Answer answer(Attempt last) {
        return answer(Operation.CANCEL, last);
    }

    private static Answer answer(Operation operation, Attempt last) {
        return Answers.of(operation, last, false, NO_RETRY_AFTER, Duration.ZERO);
    }

    private static Answer answer(Attempt last, boolean deadlineReached, Optional<Duration> retryAfter, Duration pause) {
        return Answers.of(Operation.CANCEL, last, deadlineReached, retryAfter, pause);
    }

    private static Attempt status(int status, @Nullable VendorError error) {
        return new Attempt.ErrorStatus(status, error, null, null);
    }

    private static Batch batch(String status) {
        return new Batch(status, null, null, BatchItems.UNKNOWN, new byte[0]);
    }
}
