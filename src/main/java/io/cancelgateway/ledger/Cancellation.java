package io.cancelgateway.ledger;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A record of the ledger.
 *
 * @param requestedBy the caller that started it, the last time
 * @param requestedAt when it was first requested; it stays when the cancellation is started again
 * @param acceptedAt when it was known that the upstream took it, or null
 * @param finishedAt when its end was known, or null
 * @param attempts cancels sent upstream
 * @param atAcceptance the counts of the first acceptance
 * @param atEnd the counts of the batch's end
 */
public record Cancellation(
        long id,
        CancellationKey key,
        CancellationState state,
        String requestedBy,
        @Nullable String reason,
        Instant requestedAt,
        @Nullable Instant acceptedAt,
        @Nullable Instant finishedAt,
        int attempts,
        @Nullable String modelName,
        @Nullable String analysisMode,
        ItemCounts atAcceptance,
        ItemCounts atEnd) {}
