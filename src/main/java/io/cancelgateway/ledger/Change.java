package io.cancelgateway.ledger;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is to be written of a cancellation. It is data: who decides it does not commit it.
 *
 * @param id of the cancellation
 * @param life the life of it that this is about
 * @param request what its request came to, or null where no request is answered
 * @param transition where the record goes, if the database still lets it
 * @param at when that was known
 */
public record Change(
        CancellationKey key, long id, int life, @Nullable RequestResult request, Transition transition, Instant at) {

    /**
     * What a request came to.
     *
     * @param id of the request
     * @param sent cancels that it sent, 0 or more
     * @param ambiguous whether one of them may have taken effect without an answer
     * @param outcome the word of its outcome
     */
    public record RequestResult(long id, int sent, boolean ambiguous, String outcome) {}

    /** Where a record goes. Each names the guard under which the database lets it. */
    public sealed interface Transition {

        /** To {@code canceling}, unless it was accepted before or has ended. */
        record Accept(BatchSnapshot snapshot) implements Transition {}

        /** To its end, or nowhere. */
        sealed interface End extends Transition {}

        /**
         * Its batch's end is known: with the batch's final counts, unless the record has ended or was started again. A
         * batch that is canceled is so through us, and its items are added to the totals.
         *
         * @param seen the record as it was before its batch was polled
         * @param end {@code canceled}, {@code completed} or {@code expired}; {@code unconfirmed} where it was not learned
         */
        record EndWithBatch(FollowedCancellation seen, CancellationState end, BatchSnapshot snapshot) implements End {}

        /**
         * A request was shown the ended batch instead of being accepted. As {@link EndWithBatch} where the cancel may be
         * ours: it was accepted before, or an attempt got no answer. Else somebody else canceled the batch: as
         * {@link EndIfNothingUnresolved}, without counts.
         */
        record EndAsFound(CancellationState end, BatchSnapshot snapshot) implements End {}

        /**
         * A request was answered so that the cancellation ends, unless it was accepted, or one of its requests is under
         * way or may have taken effect without an answer.
         */
        record EndIfNothingUnresolved(CancellationState end) implements End {}

        /**
         * A poll showed that the cancel has not taken effect: unless it was accepted, or a request has come since.
         *
         * @param seen the record as it was before its batch was polled
         */
        record EndIfUnchangedSince(FollowedCancellation seen, CancellationState end) implements End {}

        /** Only the request is written. */
        record Stay() implements End {}
    }
}
