package io.cancelgateway.ledger;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One request of the audit trail.
 *
 * @param caller the name of the caller
 * @param reason at most 256 characters, or null if none was given
 * @param outcome the word of its outcome; null while it is under way, and for ever if its replica was lost
 * @param traceId 32 hex digits, or null
 */
public record AuditEntry(
        String caller,
        @Nullable String reason,
        Instant receivedAt,
        @Nullable String outcome,
        @Nullable String traceId) {

    /** How many entries are shown with a record at most, the newest ones. */
    public static final int MOST_SHOWN = 100;
}
