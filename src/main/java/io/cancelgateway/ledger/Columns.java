package io.cancelgateway.ledger;

import io.cancelgateway.tenant.TenantId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/** Converts between the types of the columns and of Java. */
final class Columns {

    /**
     * When the present life of a cancellation began: the later of two times. A replica of the previous version starts a
     * record again by setting requested_at, and does not change restarted_at.
     */
    static final String STARTED_AT = "GREATEST(requested_at, COALESCE(restarted_at, requested_at))";

    private Columns() {}

    static CancellationKey key(ResultSet row) throws SQLException {
        return new CancellationKey(new TenantId(row.getString("tenant")), row.getString("batch_id"));
    }

    static CancellationState state(ResultSet row) throws SQLException {
        String word = row.getString("state");
        return CancellationState.ofWord(word)
                .orElseThrow(() -> new IllegalStateException("The ledger holds an unknown state: " + word));
    }

    static Instant instant(ResultSet row, String column) throws SQLException {
        return row.getObject(column, OffsetDateTime.class).toInstant();
    }

    static @Nullable Instant instantOrNull(ResultSet row, String column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }

    /** Cut to microseconds: PostgreSQL would round a finer time, and H2 would cut it. */
    static OffsetDateTime utc(Instant instant) {
        return exact(instant.truncatedTo(ChronoUnit.MICROS));
    }

    /** Not cut to microseconds: a bound of a search must stay exact. */
    static OffsetDateTime exact(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }
}
