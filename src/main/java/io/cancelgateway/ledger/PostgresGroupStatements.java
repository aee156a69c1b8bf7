package io.cancelgateway.ledger;

import static io.cancelgateway.ledger.Columns.utc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.ConnectionCallback;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * A group in one round trip: the driver sends all statements of one text together, and without a transaction around
 * them the server commits them together. Each parameter is an array with a value for each row.
 */
class PostgresGroupStatements implements GroupStatements {

    /** Shorter than the driver's query timeout, which would be taken for a failure of the database. */
    private static final String SINGLE_LOCK_TIMEOUT = "SELECT set_config('lock_timeout', '2s', TRUE)";

    /** For this transaction. A replica that was stopped amid an insert of the same key holds up a group this long. */
    private static final String LOCK_TIMEOUT = "SELECT set_config('lock_timeout', '50ms', TRUE)";

    /** The row lock is the one of an UPDATE: it does not mind that a request is being added to the record. */
    private static final String OPEN = """
            WITH intent AS (
                SELECT *
                  FROM unnest(CAST(? AS varchar[]), CAST(? AS varchar[]), CAST(? AS boolean[]), CAST(? AS varchar[]),
                              CAST(? AS varchar[]), CAST(? AS timestamptz[]), CAST(? AS timestamptz[]),
                              CAST(? AS varchar[]), CAST(? AS varchar[]), CAST(? AS uuid[]), CAST(? AS timestamptz[]),
                              CAST(? AS boolean[]))
                    AS i (tenant, batch_id, asynchronous, caller, reason, received_at, deadline, trace_id, span_id,
                          request_key, follow_up_at, again)
            ), started AS (
                INSERT INTO cancellation (tenant, batch_id, life, state, asynchronous, requested_by, reason,
                                          requested_at, deadline_at, attempts, ambiguous)
                SELECT tenant, batch_id, 1, 'requested', asynchronous, caller, reason, received_at, deadline, 0, FALSE
                  FROM intent
                 ORDER BY batch_id, tenant
                ON CONFLICT (batch_id, tenant) DO NOTHING
                RETURNING id, life, tenant, batch_id
            ), follow_up AS (
                INSERT INTO scheduled_tasks (task_name, task_instance, execution_time, picked, version, priority)
                SELECT '%s', id || '-' || life, follow_up_at, FALSE, 1, CASE WHEN asynchronous THEN %d ELSE %d END
                  FROM started JOIN intent USING (batch_id, tenant)
            ), joinable AS (
                SELECT c.id, batch_id, tenant
                  FROM cancellation c JOIN intent USING (batch_id, tenant)
                 WHERE NOT again AND state IN (%s)
                   FOR NO KEY UPDATE OF c SKIP LOCKED
            ), joined AS (
                UPDATE cancellation c SET deadline_at = GREATEST(deadline_at, deadline)
                  FROM joinable JOIN intent USING (batch_id, tenant)
                 WHERE c.id = joinable.id
                RETURNING c.id, c.life, c.tenant, c.batch_id
            ), opened AS (
                SELECT *, TRUE AS is_start FROM started UNION ALL SELECT *, FALSE FROM joined
            ), request AS (
                INSERT INTO cancellation_request (cancellation_id, life, caller, reason, received_at, trace_id, span_id,
                                                  outcome, request_key)
                SELECT id, life, caller, reason, received_at, trace_id, span_id, CASE WHEN asynchronous THEN '%s' END,
                       request_key
                  FROM opened JOIN intent USING (batch_id, tenant)
                RETURNING request_key, cancellation_id, id
            )
            SELECT request_key, opened.id, life, request.id AS request, is_start
              FROM request JOIN opened ON opened.id = cancellation_id
            """.formatted(
                    FollowUpTask.NAME,
                    FollowUpTask.DELIVERY,
                    FollowUpTask.POLL,
                    CancellationState.quoted(CancellationState.wordsOfJoinable()),
                    Ledger.QUEUED);

    private static final String ACCEPT = """
            WITH answer AS (
                SELECT *
                  FROM unnest(CAST(? AS bigint[]), CAST(? AS bigint[]), CAST(? AS varchar[]), CAST(? AS integer[]),
                              CAST(? AS boolean[]), CAST(? AS timestamptz[]), CAST(? AS varchar[]),
                              CAST(? AS varchar[]), CAST(? AS integer[]), CAST(? AS integer[]), CAST(? AS integer[]),
                              CAST(? AS integer[]), CAST(? AS integer[]), CAST(? AS integer[]))
                    AS a (id, request, outcome, sent, is_ambiguous, answered_at, model, mode,
                          total, queued, processing, ready, failed, canceled)
            ), free AS (
                SELECT c.id, state IN (%s) AS is_first
                  FROM cancellation c JOIN answer USING (id)
                 WHERE NOT (%s)
                   FOR NO KEY UPDATE OF c SKIP LOCKED
            ), answered AS (
                UPDATE cancellation_request r SET outcome = a.outcome
                  FROM answer a JOIN free USING (id)
                 WHERE r.id = request AND r.outcome IS NULL
                RETURNING request, is_first
            ), accepted AS (
                UPDATE cancellation c
                   SET state = 'canceling', accepted_at = answered_at, attempts = attempts + sent,
                       model_name = model, analysis_mode = mode, accepted_total_items = total,
                       accepted_queued_items = queued, accepted_processing_items = processing,
                       accepted_ready_items = ready, accepted_failed_items = failed, accepted_canceled_items = canceled
                  FROM answer a JOIN answered USING (request)
                 WHERE c.id = a.id AND is_first
            ), attempted AS (
                UPDATE cancellation c
                   SET attempts = attempts + sent, last_attempt_at = answered_at, ambiguous = ambiguous OR is_ambiguous
                  FROM answer a JOIN answered USING (request)
                 WHERE c.id = a.id AND NOT is_first
            )
            SELECT request, is_first FROM answered
            """.formatted(
                    CancellationState.quoted(CancellationState.wordsBefore(CancellationState.CANCELING)),
                    Ledger.CANCELED_BY_SOMEBODY_ELSE);

    private static final String OPEN_ONLY = LOCK_TIMEOUT + ";" + OPEN;
    private static final String ACCEPT_ONLY = LOCK_TIMEOUT + ";" + ACCEPT;
    private static final String BOTH = LOCK_TIMEOUT + ";" + OPEN + ";" + ACCEPT;

    private final JdbcTemplate jdbc;

    PostgresGroupStatements(JdbcTemplate jdbc) {
        this.jdbc = jdbc;
    }

    @Override
    public Written write(List<Opening> openings, List<Acceptance> acceptances) {
        ConnectionCallback<Written> statements = connection -> {
            Written written = execute(connection, openings, acceptances);
            if (!connection.getAutoCommit() && !TransactionSynchronizationManager.isActualTransactionActive()) {
                connection.commit(); // the pool was told not to commit by itself
            }
            return written;
        };
        return Objects.requireNonNull(jdbc.execute(statements));
    }

    @Override
    public void limitLockWait() {
        jdbc.queryForList(SINGLE_LOCK_TIMEOUT);
    }

    private static Written execute(Connection connection, List<Opening> openings, List<Acceptance> acceptances)
            throws SQLException {
        String sql = acceptances.isEmpty() ? OPEN_ONLY : openings.isEmpty() ? ACCEPT_ONLY : BOTH;
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            Parameters parameters = new Parameters(connection, statement);
            if (!openings.isEmpty()) {
                bindOpenings(parameters, openings);
            }
            if (!acceptances.isEmpty()) {
                bindAcceptances(parameters, acceptances);
            }
            statement.execute();
            return new Written(
                    openings.isEmpty() ? Map.of() : opened(next(statement), openings),
                    acceptances.isEmpty() ? Map.of() : accepted(next(statement)));
        }
    }

    private static void bindOpenings(Parameters parameters, List<Opening> openings) throws SQLException {
        List<Intent> intents = openings.stream().map(Opening::intent).toList();
        parameters.add("varchar", intents, intent -> intent.key().tenant().value());
        parameters.add("varchar", intents, intent -> intent.key().batchId());
        parameters.add("bool", intents, Intent::asynchronous);
        parameters.add("varchar", intents, Intent::caller);
        parameters.add("varchar", intents, Intent::reason);
        parameters.add("timestamptz", intents, intent -> utc(intent.receivedAt()));
        parameters.add("timestamptz", intents, intent -> utc(intent.deadline()));
        parameters.add("varchar", intents, Intent::traceId);
        parameters.add("varchar", intents, Intent::spanId);
        parameters.add("uuid", intents, Intent::request);
        parameters.add("timestamptz", intents, intent -> utc(intent.followUpAt()));
        parameters.add("bool", openings, Opening::again);
    }

    private static void bindAcceptances(Parameters parameters, List<Acceptance> acceptances) throws SQLException {
        List<Change> changes = acceptances.stream().map(Acceptance::change).toList();
        List<BatchSnapshot> snapshots =
                acceptances.stream().map(Acceptance::snapshot).toList();
        List<ItemCounts> counts = snapshots.stream().map(BatchSnapshot::counts).toList();
        parameters.add("int8", changes, Change::id);
        parameters.add("int8", acceptances, acceptance -> acceptance.result().id());
        parameters.add("varchar", acceptances, acceptance -> acceptance.result().outcome());
        parameters.add("int4", changes, change -> change.sent().cancels());
        parameters.add("bool", changes, change -> change.sent().ambiguous());
        parameters.add("timestamptz", changes, change -> utc(change.at()));
        parameters.add("varchar", snapshots, BatchSnapshot::modelName);
        parameters.add("varchar", snapshots, BatchSnapshot::analysisMode);
        parameters.add("int4", counts, ItemCounts::total);
        parameters.add("int4", counts, ItemCounts::queued);
        parameters.add("int4", counts, ItemCounts::processing);
        parameters.add("int4", counts, ItemCounts::ready);
        parameters.add("int4", counts, ItemCounts::failed);
        parameters.add("int4", counts, ItemCounts::canceled);
    }

    /** The rows of the next statement. Those of the first, the lock timeout, are the ones that are there before. */
    private static ResultSet next(PreparedStatement statement) throws SQLException {
        statement.getMoreResults();
        return statement.getResultSet();
    }

    private static Map<UUID, OpenedRequest> opened(ResultSet rows, List<Opening> openings) throws SQLException {
        Map<UUID, CancellationKey> keys = new HashMap<>();
        openings.forEach(
                opening -> keys.put(opening.intent().request(), opening.intent().key()));
        Map<UUID, OpenedRequest> opened = new HashMap<>();
        while (rows.next()) {
            UUID request = rows.getObject("request_key", UUID.class);
            opened.put(
                    request,
                    new OpenedRequest(
                            Objects.requireNonNull(keys.get(request)),
                            rows.getLong("id"),
                            rows.getInt("life"),
                            rows.getLong("request"),
                            rows.getBoolean("is_start"),
                            false));
        }
        return opened;
    }

    private static Map<Long, Boolean> accepted(ResultSet rows) throws SQLException {
        Map<Long, Boolean> accepted = new HashMap<>();
        while (rows.next()) {
            accepted.put(rows.getLong("request"), rows.getBoolean("is_first"));
        }
        return accepted;
    }

    /** Binds one array after the other. */
    private static final class Parameters {

        private final Connection connection;
        private final PreparedStatement statement;
        private int index;

        Parameters(Connection connection, PreparedStatement statement) {
            this.connection = connection;
            this.statement = statement;
        }

        <T> void add(String type, List<T> rows, Function<T, @Nullable Object> value) throws SQLException {
            @Nullable Object[] values = new @Nullable Object[rows.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = value.apply(rows.get(i));
            }
            statement.setArray(++index, connection.createArrayOf(type, values));
        }
    }
}
