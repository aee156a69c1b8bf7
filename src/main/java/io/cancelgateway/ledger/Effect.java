package io.cancelgateway.ledger;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What a {@link Change} did to its record. It must be counted only after the commit. */
public sealed interface Effect {

    /** Nothing to count: the record did not move, or another writer won. */
    record None() implements Effect {}

    /** The request's 202 was the first acceptance of the cancellation. */
    record FirstAccepted(CancellationKey key, BatchSnapshot snapshot) implements Effect {}

    /** The record has ended. The final counts of its batch are not known, or are not ours to count. */
    record Ended(CancellationKey key, CancellationState state) implements Effect {}

    /**
     * The record has ended with its batch.
     *
     * @param state {@code canceled}, {@code completed} or {@code expired}; {@code unconfirmed} if its end is not known
     * @param sinceAcceptance the time from acceptance to end, or null if it was never accepted
     */
    record EndedWithBatch(
            CancellationKey key,
            CancellationState state,
            BatchSnapshot snapshot,
            @Nullable Duration sinceAcceptance) implements Effect {}

    /** Whether this change ended the record. */
    default boolean ended() {
        return this instanceof Ended || this instanceof EndedWithBatch;
    }
}
