package io.cancelgateway.ledger;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A record of the ledger.
 *
 * @param requestedBy the caller that started the present life
 * @param reason why that caller canceled, at most 256 characters, or null
 * @param requestedAt when it was first requested; it stays when the cancellation is started again
 * @param acceptedAt when its first acceptance became known, or null
 * @param finishedAt when its end became known, or null
 * @param attempts cancels sent upstream, in all its lives
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
