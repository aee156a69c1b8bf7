package io.cancelgateway.ledger;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A change to a cancellation, as data. {@link ChangeWriter} writes it.
 *
 * @param id the id of the cancellation
 * @param life the life of the cancellation that the change belongs to, from 1
 * @param sent what was sent upstream before the change
 * @param request the result of the request that was answered, or null if the change comes from a follow-up
 * @param transition where the record moves, if its guard holds
 * @param at when the reason for the change became known
 */
public record Change(
        CancellationKey key,
        long id,
        int life,
        Sent sent,
        @Nullable RequestResult request,
        Transition transition,
        Instant at) {

    /**
     * The cancels that were sent upstream, for a request or to deliver an asynchronous cancel.
     *
     * @param cancels how many, 0 or more
     * @param ambiguous whether one of them may have taken effect without an answer
     */
    public record Sent(int cancels, boolean ambiguous) {

        /** Nothing was sent, as for a poll. */
        public static final Sent NOTHING = new Sent(0, false);
    }

    /**
     * The result of a request.
     *
     * @param id the id of the request
     * @param outcome the word of its outcome
     */
    public record RequestResult(long id, String outcome) {}

    /** Where a record moves. Each transition has a guard, which the database checks when it is written. */
    public sealed interface Transition {

        /** Moves to {@code canceling}, unless the record was accepted before or has ended. */
        record Accept(BatchSnapshot snapshot) implements Transition {}

        /** Moves to a terminal state, or stays. */
        sealed interface End extends Transition {}

        /**
         * Ends the record with its batch and the batch's final counts, unless the record has ended or was started
         * again. A canceled batch was canceled through us: its items are added to the totals.
         *
         * @param seen the record as it was before its batch was polled
         * @param end {@code canceled}, {@code completed} or {@code expired}; {@code unconfirmed} if the end could not
         *     be learned
         */
        record EndWithBatch(FollowedCancellation seen, CancellationState end, BatchSnapshot snapshot) implements End {}

        /**
         * Ends the record of a request that found its batch at an end. If the record was accepted or is ambiguous, the
         * batch may have been canceled through us: as {@link EndWithBatch}. Otherwise it did not end through us: as
         * {@link EndIfNothingUnresolved}, without counts.
         */
        record EndAsFound(CancellationState end, BatchSnapshot snapshot) implements End {}

        /**
         * Ends the record by the answer to a request, unless the record was accepted, is ambiguous, or has another
         * request under way. The last does not keep it from {@code completed} and {@code expired}: the batch is at its
         * end for that request, too.
         */
        record EndIfNothingUnresolved(CancellationState end) implements End {}

        /**
         * Ends the record because a poll showed that the cancel had no effect, unless the record was accepted, a
         * request joined it since, or the deadline of its latest request is not over.
         *
         * @param seen the record as it was before its batch was polled
         */
        record EndIfUnchangedSince(FollowedCancellation seen, CancellationState end) implements End {}

        /** Does not move the record. The result of the request is still written. */
        record Stay() implements End {}
    }
}
