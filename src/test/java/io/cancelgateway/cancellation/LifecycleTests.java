package io.cancelgateway.cancellation;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.ledger.CancellationKey;
import io.cancelgateway.ledger.CancellationState;
import io.cancelgateway.ledger.Change;
import io.cancelgateway.ledger.Change.Transition;
import io.cancelgateway.ledger.FollowedCancellation;
import io.cancelgateway.ledger.OpenedRequest;
import io.cancelgateway.tenant.TenantId;
import io.cancelgateway.twelvelabs.Answer;
import io.cancelgateway.twelvelabs.Batch;
import io.cancelgateway.twelvelabs.BatchItems;
import io.cancelgateway.twelvelabs.CancelResult;
import io.cancelgateway.twelvelabs.RefusalReason;
import io.cancelgateway.twelvelabs.VendorError;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What becomes of a cancellation, as data. */
class LifecycleTests {

    private static final Instant NOON = Instant.parse("2026-06-01T12:00:00Z");
    private static final CancellationKey KEY = new CancellationKey(new TenantId("acme"), "68f4ddaf8aaa60d33df0e800");
    private static final VendorError ERROR = new VendorError("some_code", "some words");

    private final Lifecycle lifecycle = at(NOON);

    private static Lifecycle at(Instant now) {
        return new Lifecycle(Clock.fixed(now, ZoneOffset.UTC));
    }

    static List<Arguments> answers() {
        Batch canceling = batch("canceling");
        Batch canceled = batch("canceled");
        return List.of(
                Arguments.of(
                        new Answer.Accepted(canceling),
                        "accepted",
                        new Transition.Accept(BatchSnapshots.of(canceling))),
                Arguments.of(
                        new Answer.Found(canceled),
                        "confirmed",
                        new Transition.EndAsFound(CancellationState.CANCELED, BatchSnapshots.of(canceled))),
                Arguments.of(new Answer.Found(canceling), "confirmed", new Transition.Stay()),
                Arguments.of(new Answer.NotFound(ERROR), "not_found", end(CancellationState.NOT_FOUND)),
                Arguments.of(new Answer.KeyRejected(), "key_rejected", end(CancellationState.REJECTED)),
                Arguments.of(
                        new Answer.AlreadyTerminal(new VendorError("batch_canceled", "")),
                        "already_terminal",
                        end(CancellationState.CANCELED)),
                Arguments.of(
                        new Answer.AlreadyTerminal(new VendorError("batch_completed", "")),
                        "already_terminal",
                        end(CancellationState.COMPLETED)),
                Arguments.of(
                        new Answer.AlreadyTerminal(new VendorError("batch_expired", "")),
                        "already_terminal",
                        end(CancellationState.EXPIRED)),
                Arguments.of(new Answer.AlreadyTerminal(ERROR), "already_terminal", end(CancellationState.FAILED)),
                Arguments.of(new Answer.Invalid(ERROR), "refused", end(CancellationState.FAILED)),
                Arguments.of(
                        new Answer.RateLimited(Duration.ofSeconds(1), RefusalReason.UPSTREAM_429),
                        "rate_limited",
                        end(CancellationState.FAILED)),
                Arguments.of(new Answer.Failed("down", null), "upstream_error", end(CancellationState.FAILED)),
                Arguments.of(
                        new Answer.Unavailable(Duration.ofSeconds(1), RefusalReason.UPSTREAM_BREAKER),
                        "unavailable",
                        end(CancellationState.FAILED)),
                Arguments.of(new Answer.DeadlineExceeded(), "deadline_exceeded", end(CancellationState.FAILED)));
    }

    private static Transition end(CancellationState state) {
        return new Transition.EndIfNothingUnresolved(state);
    }

    @ParameterizedTest
    @MethodSource("answers")
    void aRequestIsAnswered(Answer answer, String outcome, Transition transition) {
        OpenedRequest opened = new OpenedRequest(KEY, 7, 2, 9, true, false);

        assertThat(lifecycle.answered(opened, new CancelResult(answer, 3, true)))
                .isEqualTo(new Change(
                        KEY, 7, 2, new Change.Sent(3, true), new Change.RequestResult(9, outcome), transition, NOON));
    }

    @ParameterizedTest
    @CsvSource({"canceled, CANCELED", "completed, COMPLETED", "expired, EXPIRED"})
    void aPollThatShowsTheBatchsEndEndsWithIt(String status, CancellationState end) {
        for (CancellationState state :
                new CancellationState[] {CancellationState.REQUESTED, CancellationState.CANCELING}) {
            FollowedCancellation followed = followed(state, NOON, false);
            Batch batch = batch(status);

            assertThat(transition(lifecycle.polled(followed, new Answer.Found(batch))))
                    .contains(new Transition.EndWithBatch(followed, end, BatchSnapshots.of(batch)));
        }
    }

    @Test
    void aPollThatShowsACancelUnderWayAcceptsItOnce() {
        Batch batch = batch("canceling");

        assertThat(transition(
                        lifecycle.polled(followed(CancellationState.REQUESTED, NOON, false), new Answer.Found(batch))))
                .contains(new Transition.Accept(BatchSnapshots.of(batch)));
        assertThat(lifecycle.polled(followed(CancellationState.CANCELING, NOON, false), new Answer.Found(batch)))
                .isEmpty();
    }

    @Test
    void aBatchThatStillRunsAMinuteAfterTheLastAttemptWasNotCanceled() {
        FollowedCancellation followed = followed(CancellationState.REQUESTED, NOON, false);
        Answer running = new Answer.Found(batch("processing"));

        assertThat(at(NOON.plusSeconds(59)).polled(followed, running)).isEmpty();
        assertThat(transition(at(NOON.plusSeconds(60)).polled(followed, running)))
                .contains(new Transition.EndIfUnchangedSince(followed, CancellationState.FAILED));
    }

    @Test
    void ofARequestThatWasLostWithItsReplicaTheDeadlineCounts() {
        FollowedCancellation followed = followed(CancellationState.REQUESTED, NOON, true);
        Answer running = new Answer.Found(batch("pending"));

        // its deadline was at 15 s
        assertThat(at(NOON.plusSeconds(74)).polled(followed, running)).isEmpty();
        assertThat(transition(at(NOON.plusSeconds(75)).polled(followed, running)))
                .contains(new Transition.EndIfUnchangedSince(followed, CancellationState.FAILED));
    }

    @Test
    void aCancelIsNotFailedBeforeTheLatestRequestsDeadline() {
        FollowedCancellation followed = followed(CancellationState.REQUESTED, NOON.minus(Duration.ofMinutes(5)), false);

        assertThat(at(NOON.plusSeconds(14)).polled(followed, new Answer.Found(batch("processing"))))
                .isEmpty();
        assertThat(at(NOON.plusSeconds(15)).polled(followed, new Answer.Found(batch("processing"))))
                .isPresent();
    }

    @Test
    void aBatchThatIsNotThereEndsWhatWasNotAccepted() {
        FollowedCancellation followed = followed(CancellationState.REQUESTED, NOON, false);

        assertThat(transition(lifecycle.polled(followed, new Answer.NotFound(ERROR))))
                .contains(new Transition.EndIfUnchangedSince(followed, CancellationState.NOT_FOUND));
        assertThat(lifecycle.polled(followed(CancellationState.CANCELING, NOON, false), new Answer.NotFound(ERROR)))
                .isEmpty();
    }

    @ParameterizedTest
    @EnumSource(
            value = CancellationState.class,
            names = {"REQUESTED", "CANCELING"})
    void aPollWithoutAnAnswerChangesNothing(CancellationState state) {
        for (Answer answer : new Answer[] {
            new Answer.KeyRejected(),
            new Answer.RateLimited(Duration.ofSeconds(1), RefusalReason.UPSTREAM_429),
            new Answer.Failed("down", null),
            new Answer.Unavailable(Duration.ofSeconds(1), RefusalReason.UPSTREAM_BREAKER),
            new Answer.DeadlineExceeded(),
            new Answer.Invalid(ERROR)
        }) {
            assertThat(lifecycle.polled(followed(state, NOON, false), answer)).isEmpty();
        }
    }

    @Test
    void whatIsGivenUpIsUnconfirmedAndHasNoCounts() {
        FollowedCancellation followed = followed(CancellationState.CANCELING, NOON, false);

        Change change = lifecycle.giveUp(followed);

        assertThat(change.request()).isNull();
        assertThat(change.transition())
                .isEqualTo(new Transition.EndWithBatch(
                        followed, CancellationState.UNCONFIRMED, io.cancelgateway.ledger.BatchSnapshot.NONE));
    }

    private static Optional<Transition> transition(Optional<Change> change) {
        return change.map(Change::transition);
    }

    private static FollowedCancellation followed(CancellationState state, Instant lastAttempt, boolean underWay) {
        return new FollowedCancellation(
                1, 1, KEY, state, false, NOON, null, NOON.plusSeconds(15), lastAttempt, true, underWay, null);
    }

    private static Batch batch(String status) {
        return new Batch(status, "pegasus1.5", "general", new BatchItems(3, 0, 0, 1, 0, 2), new byte[0]);
    }
}
