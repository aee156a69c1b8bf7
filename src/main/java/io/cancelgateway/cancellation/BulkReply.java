package io.cancelgateway.cancellation;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How a bulk request was answered.
 *
 * @param results one for each batch, in the order of the request
 * @param recorded false if a cancel was forwarded before its intent was recorded
 * @param retryAfter when those that were refused for now should be tried again; empty if there are none
 */
record BulkReply(List<Result> results, boolean recorded, Optional<Duration> retryAfter) {

    /** @param batchId as the caller wrote it, or as the upstream listed it */
    record Result(String batchId, Outcome outcome, Told reply) {}

    /** What the caller is told of one batch. */
    sealed interface Told {}

    /** @param batch the upstream's batch object */
    @SuppressWarnings("ArrayRecordComponent") // written once, never compared
    record Shown(byte[] batch) implements Told {}

    record Refused(String code, String message) implements Told {}

    record Queued() implements Told {}
}
