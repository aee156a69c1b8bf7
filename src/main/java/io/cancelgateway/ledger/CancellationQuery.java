package io.cancelgateway.ledger;

import io.cancelgateway.tenant.TenantId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Which records of a tenant are wanted, newest first; null is no restriction.
 *
 * @param since requested then or later
 * @param until requested before
 * @param after the position of the last record that is known already
 */
public record CancellationQuery(
        TenantId tenant,
        @Nullable CancellationState state,
        @Nullable String requestedBy,
        @Nullable Instant since,
        @Nullable Instant until,
        @Nullable Position after) {

    /** Where a record stands in the order of all. */
    public record Position(Instant requestedAt, long id) {}

    /** The same query, for what comes after {@code last}. */
    public CancellationQuery after(Cancellation last) {
        return new CancellationQuery(
                tenant, state, requestedBy, since, until, new Position(last.requestedAt(), last.id()));
    }
}
