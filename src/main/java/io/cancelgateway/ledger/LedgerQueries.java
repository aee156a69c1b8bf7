package io.cancelgateway.ledger;

import static io.cancelgateway.ledger.Columns.STARTED_AT;
import static io.cancelgateway.ledger.Columns.exact;
import static io.cancelgateway.ledger.Columns.instant;
import static io.cancelgateway.ledger.Columns.instantOrNull;
import static io.cancelgateway.ledger.Columns.key;
import static io.cancelgateway.ledger.Columns.state;
import static io.cancelgateway.ledger.Columns.utc;

import io.cancelgateway.tenant.TenantId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Reads the table: records for callers, totals and the backlog for dashboards. All methods throw
 * {@link org.springframework.dao.DataAccessException} if the database fails.
 */
public class LedgerQueries {

    private static final String RECORD = """
            id, tenant, batch_id, state, requested_by, reason, requested_at, accepted_at, finished_at, attempts,
            model_name, analysis_mode,
            accepted_total_items, accepted_queued_items, accepted_processing_items,
            accepted_ready_items, accepted_failed_items, accepted_canceled_items,
            final_total_items, final_queued_items, final_processing_items,
            final_ready_items, final_failed_items, final_canceled_items
            """;

    private final JdbcClient jdbc;

    LedgerQueries(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** The record of this batch, or empty if there is none. */
    public Optional<Cancellation> find(CancellationKey key) {
        return jdbc.sql("SELECT " + RECORD + " FROM cancellation WHERE tenant = :tenant AND batch_id = :batch")
                .param("tenant", key.tenant().value())
                .param("batch", key.batchId())
                .query((row, _) -> cancellation(row))
                .optional();
    }

    /** The newest {@code limit} requests of a cancellation, in all its lives, newest first. */
    public List<AuditEntry> requests(long id, int limit) {
        return jdbc.sql("""
                        SELECT caller, reason, received_at, outcome, trace_id
                          FROM cancellation_request
                         WHERE cancellation_id = :id
                         ORDER BY id DESC
                         FETCH FIRST :limit ROWS ONLY
                        """)
                .param("id", id)
                .param("limit", limit)
                .query((row, _) -> new AuditEntry(
                        row.getString("caller"),
                        row.getString("reason"),
                        instant(row, "received_at"),
                        row.getString("outcome"),
                        row.getString("trace_id")))
                .list();
    }

    /** The first {@code limit} records that match, newest first. */
    public List<Cancellation> list(CancellationQuery query, int limit) {
        List<String> conditions = new ArrayList<>(List.of("tenant = :tenant"));
        // names every column of an index, even a constant one: otherwise H2 reads and sorts all matching records
        String order = "tenant, requested_at DESC, id DESC";
        if (query.requestedBy() != null) {
            conditions.add("requested_by = :caller");
            order = "tenant, requested_by, requested_at DESC, id DESC";
        }
        if (query.state() != null) {
            conditions.add("state = :state");
            order = "tenant, state, requested_at DESC, id DESC";
        }
        if (query.since() != null) {
            conditions.add("requested_at >= :since");
        }
        CancellationQuery.@Nullable Position after = query.after();
        // only one upper bound: of two, H2 may begin at the wrong one, and read all records between them again
        @Nullable
        Instant until =
                after != null && query.until() != null && after.requestedAt().isBefore(query.until())
                        ? null
                        : query.until();
        if (until != null) {
            conditions.add("requested_at < :until");
        }
        if (after != null) {
            conditions.add("requested_at <= :position AND (requested_at < :position OR id < :id)");
        }
        JdbcClient.StatementSpec statement = jdbc.sql("SELECT " + RECORD + " FROM cancellation WHERE "
                        + String.join(" AND ", conditions)
                        + " ORDER BY " + order + " FETCH FIRST :limit ROWS ONLY")
                .param("tenant", query.tenant().value())
                .param("limit", limit);
        if (query.state() != null) {
            statement = statement.param("state", query.state().word());
        }
        if (query.requestedBy() != null) {
            statement = statement.param("caller", query.requestedBy());
        }
        if (query.since() != null) {
            statement = statement.param("since", exact(query.since()));
        }
        if (until != null) {
            statement = statement.param("until", exact(until));
        }
        if (after != null) {
            statement = statement.param("position", utc(after.requestedAt())).param("id", after.id());
        }
        return statement.query((row, _) -> cancellation(row)).list();
    }

    /** The totals of every tenant that has any, sorted by id. */
    public List<ItemTotal> totals() {
        return jdbc.sql("SELECT tenant, canceled, ready, failed FROM item_total ORDER BY tenant")
                .query((row, _) -> new ItemTotal(
                        new TenantId(row.getString("tenant")),
                        row.getLong("canceled"),
                        row.getLong("ready"),
                        row.getLong("failed")))
                .list();
    }

    /** How many cancellations are pending, by state. States without any are left out. */
    public List<Backlog> backlog() {
        return jdbc.sql("""
                        SELECT state, COUNT(*) AS pending, MIN(%s) AS oldest
                          FROM cancellation
                         WHERE finished_at IS NULL
                         GROUP BY state
                        """.formatted(STARTED_AT))
                .query((row, _) -> new Backlog(state(row), row.getLong("pending"), instant(row, "oldest")))
                .list();
    }

    /** The follow-ups that are past their time at {@code now}, and that no replica is running. */
    public Overdue overdue(Instant now) {
        return jdbc.sql("""
                        SELECT COUNT(*) AS overdue, MIN(execution_time) AS oldest
                          FROM scheduled_tasks
                         WHERE task_name = :task AND picked = FALSE AND execution_time < :now
                        """)
                .param("task", FollowUpTask.NAME)
                .param("now", utc(now))
                .query((row, _) -> new Overdue(row.getLong("overdue"), instantOrNull(row, "oldest")))
                .single();
    }

    private static Cancellation cancellation(ResultSet row) throws SQLException {
        return new Cancellation(
                row.getLong("id"),
                key(row),
                state(row),
                row.getString("requested_by"),
                row.getString("reason"),
                instant(row, "requested_at"),
                instantOrNull(row, "accepted_at"),
                instantOrNull(row, "finished_at"),
                row.getInt("attempts"),
                row.getString("model_name"),
                row.getString("analysis_mode"),
                counts(row, "accepted"),
                counts(row, "final"));
    }

    private static ItemCounts counts(ResultSet row, String when) throws SQLException {
        return new ItemCounts(
                row.getObject(when + "_total_items", Integer.class),
                row.getObject(when + "_queued_items", Integer.class),
                row.getObject(when + "_processing_items", Integer.class),
                row.getObject(when + "_ready_items", Integer.class),
                row.getObject(when + "_failed_items", Integer.class),
                row.getObject(when + "_canceled_items", Integer.class));
    }
}
