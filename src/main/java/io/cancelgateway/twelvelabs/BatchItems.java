package io.cancelgateway.twelvelabs;

import org.jspecify.annotations.Nullable;

/**
 * How many items of a batch are in which state, as the upstream reports it. A count is null where it is missing or not
 * a whole number from 0 to 2,147,483,647.
 *
 * @param total {@code total_items}
 * @param queued {@code queued_items}
 * @param processing {@code processing_items}
 * @param ready {@code ready_items}
 * @param failed {@code failed_items}
 * @param canceled {@code canceled_items}; in an expired batch it also counts the items that the expiry cut off
 * @see <a href="https://docs.twelvelabs.io/v1.3/api-reference">TwelveLabs API reference</a>
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
