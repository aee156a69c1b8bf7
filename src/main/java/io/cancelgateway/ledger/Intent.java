package io.cancelgateway.ledger;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One request to cancel, as it is recorded before anything is sent upstream.
 *
 * @param request a key of the request's own: if the same intent is recorded twice, there is one request
 * @param caller the name of the caller, at most 128 characters
 * @param reason why, at most 256 characters, or null
 * @param span its span, or null
 * @param deadline when it must be answered at the latest; for an asynchronous one when it was received
 * @param asynchronous whether the gateway delivers the cancel after the request was answered
 * @param followUpAt when the follow-up task of the cancellation runs first, if this request starts it
 */
public record Intent(
        UUID request,
        CancellationKey key,
        String caller,
        @Nullable String reason,
        @Nullable RequestSpan span,
        Instant receivedAt,
        Instant deadline,
        boolean asynchronous,
        Instant followUpAt) {

    /** Null if the request has no span. */
    @Nullable
    String traceId() {
        return span == null ? null : span.traceId();
    }

    /** Null if the request has no span. */
    @Nullable
    String spanId() {
        return span == null ? null : span.spanId();
    }
}
