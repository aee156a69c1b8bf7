package io.cancelgateway.twelvelabs;

import org.jspecify.annotations.Nullable;

/**
 * How many items of a batch are in which state, as the upstream tells; null where it does not, or not with a whole number
 * from 0 up.
 */
public record BatchItems(
        @Nullable Integer total,
        @Nullable Integer queued,
        @Nullable Integer processing,
        @Nullable Integer ready,
        @Nullable Integer failed,
        @Nullable Integer canceled) {

    static final BatchItems UNKNOWN = new BatchItems(null, null, null, null, null, null);
}
