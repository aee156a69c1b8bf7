package io.cancelgateway.ledger;

import org.jspecify.annotations.Nullable;

/** How many items of a batch are in which state; what the upstream did not say is null, else 0 or more. */
public record ItemCounts(
        @Nullable Integer total,
        @Nullable Integer queued,
        @Nullable Integer processing,
        @Nullable Integer ready,
        @Nullable Integer failed,
        @Nullable Integer canceled) {

    /** Nothing is known. */
    public static final ItemCounts UNKNOWN = new ItemCounts(null, null, null, null, null, null);
}
