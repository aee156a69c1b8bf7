package io.cancelgateway.ledger;

import org.jspecify.annotations.Nullable;

/** How many items of a batch are in each state: 0 or more, or null if the upstream did not say. */
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
