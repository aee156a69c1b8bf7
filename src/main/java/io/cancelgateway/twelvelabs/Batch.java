package io.cancelgateway.twelvelabs;

import org.jspecify.annotations.Nullable;

/**
 * A batch object as the upstream sent it.
 *
 * @param status {@code pending}, {@code processing}, {@code canceling}, {@code canceled}, {@code completed},
 *     {@code expired}, or whatever the upstream invents next
 * @param modelName {@code model_name}, or null where it is missing or not fit to be kept
 * @param analysisMode {@code analysis_mode}, or null likewise
 * @param body the upstream's bytes, for the caller; not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // handed through once, never compared
public record Batch(
        String status, @Nullable String modelName, @Nullable String analysisMode, BatchItems items, byte[] body) {

    /** Whether it is on its way to {@code canceled}. */
    public boolean canceling() {
        return status.equals("canceling");
    }

    boolean canceled() {
        return status.equals("canceled");
    }

    /** Whether nothing about it will change any more. */
    boolean terminal() {
        return canceled() || status.equals("completed") || status.equals("expired");
    }
}
