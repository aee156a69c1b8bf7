package io.cancelgateway.ledger;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a follow-up needs to know about a cancellation.
 *
 * @param life the life that is followed, from 1
 * @param asynchronous whether its cancel is delivered by the follow-up
 * @param startedAt when this life began
 * @param acceptedAt when its acceptance became known, in this life or an earlier one, or null
 * @param deadline the latest deadline of its requests
 * @param lastAttemptAt when the latest request of this life ended that has ended, or null if none has
 * @param ambiguous whether a cancel may have taken effect without an answer
 * @param underWay whether a request has no outcome yet: it is still under way, or was lost with its replica
 * @param span of the request that began this life, or null
 */
public record FollowedCancellation(
        long id,
        int life,
        CancellationKey key,
        CancellationState state,
        boolean asynchronous,
        Instant startedAt,
        @Nullable Instant acceptedAt,
        Instant deadline,
        @Nullable Instant lastAttemptAt,
        boolean ambiguous,
        boolean underWay,
        @Nullable RequestSpan span) {}
