package io.cancelgateway.ledger;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a follow-up must know of a cancellation.
 *
 * @param startedAt when this life of it began
 * @param deadline when the latest request was to be answered
 * @param lastAttemptAt when the last request that was answered ended, or null
 * @param ambiguous whether a cancel may have taken effect without an answer
 * @param underWay whether a request has no outcome yet, be it still running or be it lost with its replica
 */
public record FollowedCancellation(
        long id,
        int life,
        CancellationKey key,
        CancellationState state,
        Instant startedAt,
        @Nullable Instant acceptedAt,
        Instant deadline,
        @Nullable Instant lastAttemptAt,
        boolean ambiguous,
        boolean underWay) {}
