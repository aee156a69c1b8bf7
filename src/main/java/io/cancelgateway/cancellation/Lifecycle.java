package io.cancelgateway.cancellation;

import io.cancelgateway.ledger.BatchSnapshot;
import io.cancelgateway.ledger.CancellationState;
import io.cancelgateway.ledger.Change;
import io.cancelgateway.ledger.Change.RequestResult;
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
 * The one place that decides what becomes of a cancellation: by what a request was answered, by what a poll showed, or
 * because its batch's life is over. It returns what to write, as data; {@link Recorder} commits and counts it.
 */
@Component
class Lifecycle {

    /** A batch that has not begun to cancel this long after the last attempt will not. */
    private static final Duration UNTIL_FAILED = Duration.ofSeconds(60);

    private final Clock clock;

    Lifecycle(Clock clock) {
        this.clock = clock;
    }

    /** A request was answered. */
    Change answered(OpenedRequest opened, CancelResult result) {
        RequestResult request = new RequestResult(
                opened.request(),
                result.sent(),
                result.ambiguous(),
                Outcome.of(result.answer()).word());
        return new Change(
                opened.key(), opened.id(), opened.life(), request, afterAnswer(result.answer()), clock.instant());
    }

    private static Transition afterAnswer(Answer answer) {
        return switch (answer) {
            case Answer.Accepted(Batch batch) -> new Transition.Accept(BatchSnapshots.of(batch));
            // canceled already: by a request of ours that got no answer, or by somebody else
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

    /** A batch was polled. Empty where that changes nothing: the batch still runs, or the poll got no answer. */
    Optional<Change> polled(FollowedCancellation followed, Answer answer) {
        Instant now = clock.instant();
        Optional<Transition> transition = switch (answer) {
            case Answer.Found(Batch batch) -> seen(followed, batch, now);
            // while a request is under way, that is for it to find out; what was accepted has a batch
            case Answer.NotFound _
            when followed.state() == CancellationState.REQUESTED ->
                Optional.of(new Transition.EndIfUnchangedSince(followed, CancellationState.NOT_FOUND));
            default -> Optional.empty();
        };
        return transition.map(to -> change(followed, to, now));
    }

    private static Optional<Transition> seen(FollowedCancellation followed, Batch batch, Instant now) {
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

    /** When a batch that still runs shows that the cancel has failed; never before the latest request's deadline. */
    private static Instant failedAt(FollowedCancellation followed) {
        @Nullable Instant last = followed.underWay() ? null : followed.lastAttemptAt();
        // of a request that was lost with its replica, only the deadline is known
        Instant failed = (last == null ? followed.deadline() : last).plus(UNTIL_FAILED);
        return failed.isAfter(followed.deadline()) ? failed : followed.deadline();
    }

    /** The batch's life is over, and its end could not be learned. */
    Change giveUp(FollowedCancellation followed) {
        return change(
                followed,
                new Transition.EndWithBatch(followed, CancellationState.UNCONFIRMED, BatchSnapshot.NONE),
                clock.instant());
    }

    private static Change change(FollowedCancellation followed, Transition transition, Instant now) {
        return new Change(followed.key(), followed.id(), followed.life(), null, transition, now);
    }

    /** How a batch in this status ends its cancellation; empty where it has not ended. */
    private static Optional<CancellationState> end(Batch batch) {
        return switch (batch.status()) {
            case "canceled" -> Optional.of(CancellationState.CANCELED);
            case "completed" -> Optional.of(CancellationState.COMPLETED);
            case "expired" -> Optional.of(CancellationState.EXPIRED);
            default -> Optional.empty();
        };
    }

    /** How a cancellation ends that came too late; one that the upstream does not explain had no effect. */
    private static CancellationState end(VendorError tooLate) {
        return switch (tooLate.code()) {
            // by somebody else: an earlier cancel of ours would be accepted, or unresolved
            case VendorError.BATCH_CANCELED -> CancellationState.CANCELED;
            case VendorError.BATCH_COMPLETED -> CancellationState.COMPLETED;
            case VendorError.BATCH_EXPIRED -> CancellationState.EXPIRED;
            default -> CancellationState.FAILED;
        };
    }
}
