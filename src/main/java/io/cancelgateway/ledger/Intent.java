package io.cancelgateway.ledger;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One request to cancel, as it is written down before the upstream is asked.
 *
 * @param caller who asks, at most 128 characters
 * @param reason why, at most 256 characters, or null
 * @param traceId its trace, 32 hex digits, or null
 * @param deadline when it is answered at the latest
 */
public record Intent(
        CancellationKey key,
        String caller,
        @Nullable String reason,
        @Nullable String traceId,
        Instant receivedAt,
        Instant deadline) {}
