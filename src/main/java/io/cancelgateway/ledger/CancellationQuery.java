package io.cancelgateway.ledger;

import io.cancelgateway.tenant.TenantId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Selects records of a tenant. A filter that is null does not restrict.
 *
 * @param since only records that were requested at this time or later
 * @param until only records that were requested before this time
 * @param after only records that follow this position in the order of lists, newest first
 */
public record CancellationQuery(
        TenantId tenant,
        @Nullable CancellationState state,
        @Nullable String requestedBy,
        @Nullable Instant since,
        @Nullable Instant until,
        @Nullable Position after) {

    /** The position of a record in lists, which are in the order of these two, both descending. */
    public record Position(Instant requestedAt, long id) {}

    /** The same query, for the records that follow {@code last}. */
    public CancellationQuery after(Cancellation last) {
        return new CancellationQuery(
                tenant, state, requestedBy, since, until, new Position(last.requestedAt(), last.id()));
    }
}
