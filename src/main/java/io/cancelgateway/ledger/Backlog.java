package io.cancelgateway.ledger;

import java.time.Instant;

/**
 * How many cancellations are in a state that is not terminal.
 *
 * @param count 1 or more
 * @param oldest when the oldest of them was started, for the first time or again
 */
public record Backlog(CancellationState state, long count, Instant oldest) {}
