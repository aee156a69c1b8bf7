package io.cancelgateway.ledger;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What a {@link Change} did to its record. It is counted once that is committed, and never before. */
public sealed interface Effect {

    /** Nothing that counts: the record stayed as it was, or another writer had been first. */
    record None() implements Effect {}

    /** This request's 202 was the first of the cancellation. */
    record FirstAccepted(CancellationKey key, BatchSnapshot snapshot) implements Effect {}

    /** The record has ended, and its batch's final counts are not known or are not ours to count. */
    record Ended(CancellationKey key, CancellationState state) implements Effect {}

    /**
     * The record has ended with its batch.
     *
     * @param sinceAcceptance how long after its acceptance, or null where it was never accepted
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
