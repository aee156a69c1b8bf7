package io.cancelgateway.ledger;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How many follow-ups are past their time.
 *
 * @param count 0 or more
 * @param oldest when the one that is the furthest past its time was due; null if there is none
 */
public record Overdue(long count, @Nullable Instant oldest) {}
