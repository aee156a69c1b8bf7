package io.cancelgateway.ledger;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One request of the audit trail.
 *
 * @param outcome null while it is under way, and for good where the gateway died under it
 */
public record AuditEntry(
        String caller,
        @Nullable String reason,
        Instant receivedAt,
        @Nullable String outcome,
        @Nullable String traceId) {}
