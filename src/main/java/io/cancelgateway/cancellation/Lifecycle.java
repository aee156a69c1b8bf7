package io.cancelgateway.cancellation;

import io.cancelgateway.ledger.BatchSnapshot;
import io.cancelgateway.ledger.CancellationState;
import io.cancelgateway.ledger.Change;
import io.cancelgateway.ledger.Change.RequestResult;
import io.cancelgateway.ledger.Change.Sent;
import io.cancelgateway.ledger.Change.Transition;
import io.cancelgateway.ledger.FollowedCancellation;
import io.cancelgateway.ledger.OpenedRequest;
import io.cancelgateway.twelvelabs.Answer;
import io.cancelgateway.twelvelabs.Batch;
import io.cancelgateway.twelvelabs.CancelResult;
import io.cancelgateway.twelvelabs.VendorError;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * The one place that decides what becomes of a cancellation: after the answer to a request, after a poll, or because
 * its batch has expired. It returns the change as data; {@link Recorder} commits and counts it.
 *
 * <p>One choice needs the record as it is at the commit: whether a batch that an answer shows as ended was canceled by
 * us ({@link Transition.EndAsFound}). The ledger makes it by the rule that is written there, while it holds the lock.
 */
@Component
class Lifecycle {

    /** The cancel has failed if the batch still runs this long after the last attempt. */
    private static final Duration UNTIL_FAILED = Duration.ofSeconds(60);

    private final Clock clock;

    Lifecycle(Clock clock) {
        this.clock = clock;
    }

    /** The change after the answer to a request. */
    Change answered(OpenedRequest opened, CancelResult result) {
        return answered(opened, result, clock.instant());
    }

    /** The same for an answer that came at {@code answeredAt}. */
    Change answered(OpenedRequest opened, CancelResult result, Instant answeredAt) {
        return new Change(
                opened.key(),
                opened.id(),
                opened.life(),
                new Sent(result.sent(), result.ambiguous()),
                new RequestResult(opened.request(), Outcome.of(result.answer()).word()),
                afterAnswer(result.answer()),
                answeredAt);
    }

    private static Transition afterAnswer(Answer answer) {
        return switch (answer) {
            case Answer.Accepted(Batch batch) -> new Transition.Accept(BatchSnapshots.of(batch));
            // at its end already: through a request of ours that got no answer, or through somebody else
            case Answer.Found(Batch batch) ->
                end(batch)
                        .<Transition>map(end -> new Transition.EndAsFound(end, BatchSnapshots.of(batch)))
                        .orElseGet(Transition.Stay::new);
            case Answer.NotFound _ -> new Transition.EndIfNothingUnresolved(CancellationState.NOT_FOUND);
            case Answer.KeyRejected() -> new Transition.EndIfNothingUnresolved(CancellationState.REJECTED);
            case Answer.AlreadyTerminal(VendorError error) -> new Transition.EndIfNothingUnresolved(end(error));
            case Answer.Invalid _,
                    Answer.RateLimited _,
                    Answer.Failed _,
                    Answer.Unavailable _,
                    Answer.DeadlineExceeded _ -> new Transition.EndIfNothingUnresolved(CancellationState.FAILED);
        };
    }

    /**
     * The change after an attempt to deliver an asynchronous cancel; empty if there is none, because nothing was sent.
     * Only the upstream's word on the batch ends it.
     */
    Optional<Change> delivered(FollowedCancellation followed, CancelResult result) {
        Sent sent = new Sent(result.sent(), result.ambiguous());
        boolean mayHaveTakenEffect = followed.ambiguous() || followed.underWay() || result.ambiguous();
        Transition transition = switch (result.answer()) {
            case Answer.Accepted(Batch batch) -> new Transition.Accept(BatchSnapshots.of(batch));
            case Answer.Found(Batch batch) ->
                end(batch)
                        .<Transition>map(end -> new Transition.EndWithBatch(followed, end, BatchSnapshots.of(batch)))
                        .orElseGet(Transition.Stay::new);
            case Answer.NotFound _ -> new Transition.EndIfUnchangedSince(followed, CancellationState.NOT_FOUND);
            case Answer.AlreadyTerminal(VendorError error) -> {
                CancellationState end = end(error);
                // canceled, perhaps by an attempt whose answer got lost: the next delivery finds out
                boolean unclear = end == CancellationState.CANCELED && mayHaveTakenEffect;
                yield unclear || end == CancellationState.FAILED
                        ? new Transition.Stay()
                        : new Transition.EndIfUnchangedSince(followed, end);
            }
            case Answer.Invalid _,
                    Answer.RateLimited _,
                    Answer.KeyRejected _,
                    Answer.Failed _,
                    Answer.Unavailable _,
                    Answer.DeadlineExceeded _ -> new Transition.Stay();
        };
        return transition instanceof Transition.Stay && sent.cancels() == 0
                ? Optional.empty()
                : Optional.of(new Change(
                        followed.key(), followed.id(), followed.life(), sent, null, transition, clock.instant()));
    }

    /** The change after a poll; empty if there is none, because the batch still runs or the poll got no answer. */
    Optional<Change> polled(FollowedCancellation followed, Answer answer) {
        if (toBeDelivered(followed)) {
            return Optional.empty(); // its delivery finds out whether the end of the batch is ours
        }
        Instant now = clock.instant();
        Optional<Transition> transition = switch (answer) {
            case Answer.Found(Batch batch) -> afterPoll(followed, batch, now);
            // an accepted cancel has a batch, so a 404 ends only a requested one, and only after its requests
            case Answer.NotFound _
            when followed.state() == CancellationState.REQUESTED ->
                Optional.of(new Transition.EndIfUnchangedSince(followed, CancellationState.NOT_FOUND));
            default -> Optional.empty();
        };
        return transition.map(to -> change(followed, to, now));
    }

    private static Optional<Transition> afterPoll(FollowedCancellation followed, Batch batch, Instant now) {
        Optional<CancellationState> end = end(batch);
        if (end.isPresent()) {
            return Optional.of(new Transition.EndWithBatch(followed, end.get(), BatchSnapshots.of(batch)));
        }
        if (followed.state() == CancellationState.CANCELING) {
            return Optional.empty();
        }
        if (batch.canceling()) {
            return Optional.of(new Transition.Accept(BatchSnapshots.of(batch)));
        }
        return now.isBefore(failedAt(followed))
                ? Optional.empty()
                : Optional.of(new Transition.EndIfUnchangedSince(followed, CancellationState.FAILED));
    }

    /** From when on a batch that still runs shows that the cancel has failed: never before the latest deadline. */
    private static Instant failedAt(FollowedCancellation followed) {
        @Nullable Instant last = followed.underWay() ? null : followed.lastAttemptAt();
        // if a request was lost with its replica, only its deadline is known
        Instant failed = (last == null ? followed.deadline() : last).plus(UNTIL_FAILED);
        return failed.isAfter(followed.deadline()) ? failed : followed.deadline();
    }

    /** The change for a batch that has expired, and whose end could not be learned, or whose cancel not delivered. */
    Change giveUp(FollowedCancellation followed) {
        boolean neverDelivered = toBeDelivered(followed) && !followed.ambiguous() && !followed.underWay();
        Transition end = neverDelivered
                ? new Transition.EndIfUnchangedSince(followed, CancellationState.UNDELIVERABLE)
                : new Transition.EndWithBatch(followed, CancellationState.UNCONFIRMED, BatchSnapshot.NONE);
        return change(followed, end, clock.instant());
    }

    /** Whether a follow-up sends the cancel of this record, instead of polling its batch. */
    static boolean toBeDelivered(FollowedCancellation followed) {
        return followed.asynchronous() && followed.state() == CancellationState.REQUESTED;
    }

    private static Change change(FollowedCancellation followed, Transition transition, Instant now) {
        return new Change(followed.key(), followed.id(), followed.life(), Sent.NOTHING, null, transition, now);
    }

    /** The end of a cancellation whose batch has this status; empty if the batch has not ended. */
    private static Optional<CancellationState> end(Batch batch) {
        return switch (batch.status()) {
            case "canceled" -> Optional.of(CancellationState.CANCELED);
            case "completed" -> Optional.of(CancellationState.COMPLETED);
            case "expired" -> Optional.of(CancellationState.EXPIRED);
            default -> Optional.empty();
        };
    }

    /** The end of a cancel that came too late (409). With a code that is not known, it had no effect. */
    private static CancellationState end(VendorError tooLate) {
        return switch (tooLate.code()) {
            // by somebody else: after an earlier cancel of ours the record would be accepted or unresolved
            case VendorError.BATCH_CANCELED -> CancellationState.CANCELED;
            case VendorError.BATCH_COMPLETED -> CancellationState.COMPLETED;
            case VendorError.BATCH_EXPIRED -> CancellationState.EXPIRED;
            default -> CancellationState.FAILED;
        };
    }
}
