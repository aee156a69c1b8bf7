package io.cancelgateway.ledger;

import io.cancelgateway.ledger.Change.RequestResult;
import io.cancelgateway.ledger.Change.Transition;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Writes changes with the ledger's statements, in the caller's transaction. The database decides which writer wins. */
@Component
public class ChangeWriter {

    private final Ledger ledger;

    ChangeWriter(Ledger ledger) {
        this.ledger = ledger;
    }

    /**
     * Writes a change.
     *
     * @return what it did to the record
     * @throws org.springframework.dao.DataAccessException if the database fails, or another writer interferes
     */
    public Effect write(Change change) {
        @Nullable RequestResult request = change.request();
        if (request != null && !ledger.answered(request.id(), request.outcome())) {
            return new Effect
                    .None(); // a repetition: the first time it was committed, although the commit got no answer
        }
        Effect effect = move(change);
        // without a request the change comes from the follow-up, whose task is running and removes itself
        if (effect.ended() && request != null) {
            ledger.removeFollowUp(new FollowUpTask(change.id(), change.life()));
        }
        return effect;
    }

    private Effect move(Change change) {
        return switch (change.transition()) {
            case Transition.Accept(BatchSnapshot snapshot) -> accept(change, snapshot);
            case Transition.End end -> {
                if (change.request() != null || change.sent().cancels() > 0) {
                    // it locks the record. Of requests that end at once, the last one sees that it is the last
                    attempted(change);
                }
                yield end(change, end);
            }
        };
    }

    /** One statement writes the acceptance and counts the attempts. */
    private Effect accept(Change change, BatchSnapshot snapshot) {
        boolean first = ledger.accept(change.id(), change.sent().cancels(), snapshot, change.at());
        boolean answered = change.request() != null || change.sent().cancels() > 0;
        if (!first && answered) {
            if (ledger.reopenAsAccepted(change.id(), change.sent().cancels(), snapshot, change.at())) {
                return new Effect.FirstAccepted(change.key(), snapshot);
            }
            attempted(change);
        }
        if (first && change.request() == null && answered) {
            ledger.delivered(new FollowUpTask(change.id(), change.life()));
        }
        // a poll may have found the acceptance: no cancel got the 202
        return first && answered ? new Effect.FirstAccepted(change.key(), snapshot) : new Effect.None();
    }

    private void attempted(Change change) {
        ledger.attempted(change.id(), change.sent().cancels(), change.sent().ambiguous(), change.at());
    }

    private Effect end(Change change, Transition.End transition) {
        Instant at = change.at();
        return switch (transition) {
            case Transition.Stay() -> new Effect.None();
            case Transition.EndWithBatch(FollowedCancellation seen, CancellationState end, BatchSnapshot snapshot) ->
                endWithBatch(seen, end, snapshot, at);
            case Transition.EndAsFound(CancellationState end, BatchSnapshot snapshot) ->
                endAsFound(change, end, snapshot);
            case Transition.EndIfNothingUnresolved(CancellationState end) ->
                ended(change, end, ledger.endIfNothingUnresolved(change.id(), end, at));
            case Transition.EndIfUnchangedSince(FollowedCancellation seen, CancellationState end) ->
                ended(change, end, ledger.endIfUnchangedSince(seen, end, at));
        };
    }

    private Effect endWithBatch(FollowedCancellation seen, CancellationState end, BatchSnapshot snapshot, Instant at) {
        if (!ledger.endWithBatch(seen.id(), seen.life(), end, snapshot, at)) {
            return new Effect.None();
        }
        if (end == CancellationState.CANCELED) {
            ledger.addToTotals(seen.key().tenant(), snapshot.counts());
        }
        @Nullable Instant accepted = seen.acceptedAt();
        return new Effect.EndedWithBatch(
                seen.key(), end, snapshot, accepted == null ? null : Duration.between(accepted, at));
    }

    private Effect endAsFound(Change change, CancellationState end, BatchSnapshot snapshot) {
        Optional<FollowedCancellation> now = ledger.followed(change.id(), change.life());
        if (now.isEmpty()) {
            return new Effect.None(); // started again meanwhile
        }
        boolean maybeOurs = now.get().ambiguous() || now.get().state() == CancellationState.CANCELING;
        return maybeOurs
                ? endWithBatch(now.get(), end, snapshot, change.at())
                : ended(change, end, ledger.endIfNothingUnresolved(change.id(), end, change.at()));
    }

    private static Effect ended(Change change, CancellationState end, boolean won) {
        return won ? new Effect.Ended(change.key(), end) : new Effect.None();
    }
}
