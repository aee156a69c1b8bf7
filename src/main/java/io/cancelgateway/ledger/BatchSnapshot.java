package io.cancelgateway.ledger;

import org.jspecify.annotations.Nullable;

/**
 * What an answer of the upstream showed of a batch.
 *
 * @param modelName at most 100 characters, or null where it is not known
 * @param analysisMode at most 100 characters, or null where it is not known
 */
public record BatchSnapshot(
        @Nullable String modelName, @Nullable String analysisMode, ItemCounts counts) {

    /** The batch's end is known, the batch itself was not shown. */
    public static final BatchSnapshot NONE = new BatchSnapshot(null, null, ItemCounts.UNKNOWN);
}
