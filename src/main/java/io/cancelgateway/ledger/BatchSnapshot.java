package io.cancelgateway.ledger;

import org.jspecify.annotations.Nullable;

/**
 * A batch as one answer of the upstream showed it.
 *
 * @param modelName at most 100 characters, or null if it is not known
 * @param analysisMode at most 100 characters, or null if it is not known
 */
public record BatchSnapshot(
        @Nullable String modelName, @Nullable String analysisMode, ItemCounts counts) {

    /** Nothing is known: no answer showed the batch. */
    public static final BatchSnapshot NONE = new BatchSnapshot(null, null, ItemCounts.UNKNOWN);
}
