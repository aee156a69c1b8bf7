package io.cancelgateway.twelvelabs;

import org.jspecify.annotations.Nullable;

/**
 * A batch object as the upstream sent it.
 *
 * @param status {@code pending}, {@code processing}, {@code canceling}, {@code canceled}, {@code completed} or
 *     {@code expired}; new values may appear at any time
 * @param modelName {@code model_name}, or null where it is missing or is not 1 to 100 printable ASCII characters
 * @param analysisMode {@code analysis_mode}, or null for the same reasons
 * @param items its item counts
 * @param body the upstream's bytes, unchanged, for the caller; nobody may change them
 * @see <a href="https://docs.twelvelabs.io/v1.3/api-reference">TwelveLabs API reference</a>
 */
@SuppressWarnings("ArrayRecordComponent") // passed on once, never compared
public record Batch(
        String status, @Nullable String modelName, @Nullable String analysisMode, BatchItems items, byte[] body)
        implements Content {

    /** Whether its cancel was accepted and items still in process run to their end. */
    public boolean canceling() {
        return status.equals("canceling");
    }

    boolean canceled() {
        return status.equals("canceled");
    }

    /** Whether its status is final. A status unknown today counts as not final. */
    public boolean terminal() {
        return canceled() || status.equals("completed") || status.equals("expired");
    }
}
