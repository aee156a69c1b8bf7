package io.cancelgateway.ledger;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One request to cancel, as it is recorded before anything is sent upstream.
 *
 * @param caller the name of the caller, at most 128 characters
 * @param reason why, at most 256 characters, or null
 * @param traceId its trace, 32 hex digits, or null
 * @param deadline when it must be answered at the latest
 */
public record Intent(
        CancellationKey key,
        String caller,
        @Nullable String reason,
        @Nullable String traceId,
        Instant receivedAt,
        Instant deadline) {}
