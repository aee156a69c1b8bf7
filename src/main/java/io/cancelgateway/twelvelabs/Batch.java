package io.cancelgateway.twelvelabs;

import java.util.OptionalLong;

/**
 * A batch object as the upstream sent it.
 *
 * @param status {@code pending}, {@code processing}, {@code canceling}, {@code canceled}, {@code completed},
 *     {@code expired}, or whatever the upstream invents next
 * @param canceledItems {@code canceled_items}, empty where it is missing or not a whole number from 0 up
 * @param body the upstream's bytes, for the caller; not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // handed through once, never compared
public record Batch(String status, OptionalLong canceledItems, byte[] body) {

    boolean canceling() {
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
