package io.cancelgateway.ledger;

import static io.cancelgateway.ledger.Columns.utc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.ConnectionCallback;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * A group in one round trip: the driver sends all statements of one text together, and without a transaction around
 * them the server commits them together.
 */
class PostgresGroupStatements implements GroupStatements {

    /** For this transaction. A replica that was stopped amid an insert of the same key holds up a group this long. */
    private static final String LOCK_TIMEOUT = "SELECT set_config('lock_timeout', '50ms', TRUE)";

    private static final String OPEN =
            """
            WITH intent AS (
                SELECT *
                  FROM unnest(CAST(? AS varchar[]), CAST(? AS varchar[]), CAST(? AS boolean[]), CAST(? AS varchar[]),
                              CAST(? AS varchar[]), CAST(? AS timestamptz[]), CAST(? AS timestamptz[]),
                              CAST(? AS varchar[]), CAST(? AS uuid[]), CAST(? AS timestamptz[]))
                    AS i (tenant, batch_id, asynchronous, caller, reason, received_at, deadline_at, trace_id,
                          request_key, follow_up_at)
            ), started AS (
                INSERT INTO cancellation (tenant, batch_id, life, state, asynchronous, requested_by, reason,
                                          requested_at, deadline_at, attempts, ambiguous)
                SELECT tenant, batch_id, 1, 'requested', asynchronous, caller, reason, received_at, deadline_at, 0, FALSE
                  FROM intent
                 ORDER BY batch_id, tenant
                ON CONFLICT (batch_id, tenant) DO NOTHING
                RETURNING id, tenant, batch_id
            ), follow_up AS (
                INSERT INTO scheduled_tasks (task_name, task_instance, execution_time, picked, version, priority)
                SELECT '%s', id || '-1', follow_up_at, FALSE, 1, CASE WHEN asynchronous THEN %d ELSE %d END
                  FROM started JOIN intent USING (batch_id, tenant)
            )
            INSERT INTO cancellation_request (cancellation_id, life, caller, reason, received_at, trace_id, outcome,
                                              request_key)
            SELECT id, 1, caller, reason, received_at, trace_id, CASE WHEN asynchronous THEN '%s' END, request_key
              FROM started JOIN intent USING (batch_id, tenant)
            RETURNING request_key, cancellation_id, id
            """.formatted(FollowUpTask.NAME, FollowUpTask.DELIVERY, FollowUpTask.POLL, Ledger.QUEUED);

    /** Records that others lock are left out. The row lock is the one that an UPDATE takes. */
    private static final String ACCEPT = """
            WITH answer AS (
                SELECT *
                  FROM unnest(CAST(? AS bigint[]), CAST(? AS bigint[]), CAST(? AS varchar[]), CAST(? AS integer[]),
                              CAST(? AS timestamptz[]), CAST(? AS varchar[]), CAST(? AS varchar[]),
                              CAST(? AS integer[]), CAST(? AS integer[]), CAST(? AS integer[]), CAST(? AS integer[]),
                              CAST(? AS integer[]), CAST(? AS integer[]))
                    AS a (id, request, outcome, sent, accepted_at, model, mode,
                          total, queued, processing, ready, failed, canceled)
            ), free AS (
                SELECT id FROM cancellation WHERE id = ANY (CAST(? AS bigint[])) AND state IN (%s)
                   FOR NO KEY UPDATE SKIP LOCKED
            ), answered AS (
                UPDATE cancellation_request r SET outcome = a.outcome
                  FROM answer a JOIN free USING (id)
                 WHERE r.id = a.request AND r.outcome IS NULL
                RETURNING r.id AS request
            )
            UPDATE cancellation c
               SET state = 'canceling', accepted_at = a.accepted_at, attempts = attempts + sent,
                   model_name = model, analysis_mode = mode, accepted_total_items = total,
                   accepted_queued_items = queued, accepted_processing_items = processing,
                   accepted_ready_items = ready, accepted_failed_items = failed, accepted_canceled_items = canceled
              FROM answer a JOIN answered USING (request)
             WHERE c.id = a.id
            RETURNING request
            """.formatted(
                    CancellationState.wordsBefore(CancellationState.CANCELING).stream()
                            .map(word -> "'" + word + "'")
                            .collect(Collectors.joining(", ")));

    private static final String OPEN_ONLY = LOCK_TIMEOUT + ";" + OPEN;
    private static final String ACCEPT_ONLY = LOCK_TIMEOUT + ";" + ACCEPT;
    private static final String BOTH = LOCK_TIMEOUT + ";" + OPEN + ";" + ACCEPT;

    private final JdbcTemplate jdbc;

    PostgresGroupStatements(JdbcTemplate jdbc) {
        this.jdbc = jdbc;
    }

    @Override
    public Written write(List<Intent> intents, List<Change> acceptances) {
        ConnectionCallback<Written> statements = connection -> {
            Written written = execute(connection, intents, acceptances);
            if (!connection.getAutoCommit() && !TransactionSynchronizationManager.isActualTransactionActive()) {
                connection.commit(); // the pool was told not to commit by itself
            }
            return written;
        };
        Written written = jdbc.execute(statements);
        if (written == null) {
            throw new IllegalStateException("The statements returned nothing");
        }
        return written;
    }

    private static Written execute(Connection connection, List<Intent> intents, List<Change> acceptances)
            throws SQLException {
        String sql = acceptances.isEmpty() ? OPEN_ONLY : intents.isEmpty() ? ACCEPT_ONLY : BOTH;
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            Parameters parameters = new Parameters(connection, statement);
            if (!intents.isEmpty()) {
                bindIntents(parameters, intents);
            }
            if (!acceptances.isEmpty()) {
                bindAcceptances(parameters, acceptances);
            }
            statement.execute();
            Map<UUID, OpenedRequest> opened = intents.isEmpty() ? Map.of() : opened(next(statement), intents);
            Set<Long> accepted = acceptances.isEmpty() ? Set.of() : accepted(next(statement));
            return new Written(opened, accepted);
        }
    }

    private static void bindIntents(Parameters parameters, List<Intent> intents) throws SQLException {
        parameters.add("varchar", intents, intent -> intent.key().tenant().value());
        parameters.add("varchar", intents, intent -> intent.key().batchId());
        parameters.add("bool", intents, Intent::asynchronous);
        parameters.add("varchar", intents, Intent::caller);
        parameters.add("varchar", intents, Intent::reason);
        parameters.add("timestamptz", intents, intent -> utc(intent.receivedAt()));
        parameters.add("timestamptz", intents, intent -> utc(intent.deadline()));
        parameters.add("varchar", intents, Intent::traceId);
        parameters.add("uuid", intents, Intent::request);
        parameters.add("timestamptz", intents, intent -> utc(intent.followUpAt()));
    }

    private static void bindAcceptances(Parameters parameters, List<Change> acceptances) throws SQLException {
        parameters.add("int8", acceptances, Change::id);
        parameters.add("int8", acceptances, change -> result(change).id());
        parameters.add("varchar", acceptances, change -> result(change).outcome());
        parameters.add("int4", acceptances, change -> change.sent().cancels());
        parameters.add("timestamptz", acceptances, change -> utc(change.at()));
        parameters.add("varchar", acceptances, change -> snapshot(change).modelName());
        parameters.add("varchar", acceptances, change -> snapshot(change).analysisMode());
        parameters.add("int4", acceptances, change -> snapshot(change).counts().total());
        parameters.add("int4", acceptances, change -> snapshot(change).counts().queued());
        parameters.add("int4", acceptances, change -> snapshot(change).counts().processing());
        parameters.add("int4", acceptances, change -> snapshot(change).counts().ready());
        parameters.add("int4", acceptances, change -> snapshot(change).counts().failed());
        parameters.add("int4", acceptances, change -> snapshot(change).counts().canceled());
        parameters.add("int8", acceptances, Change::id);
    }

    private static Change.RequestResult result(Change change) {
        return Objects.requireNonNull(change.request());
    }

    private static BatchSnapshot snapshot(Change change) {
        return ((Change.Transition.Accept) change.transition()).snapshot();
    }

    /** The result of the next statement. The first one's, of the lock timeout, is the one that is there before. */
    private static ResultSet next(PreparedStatement statement) throws SQLException {
        statement.getMoreResults();
        return statement.getResultSet();
    }

    private static Map<UUID, OpenedRequest> opened(ResultSet rows, List<Intent> intents) throws SQLException {
        Map<UUID, CancellationKey> keys = new HashMap<>();
        intents.forEach(intent -> keys.put(intent.request(), intent.key()));
        Map<UUID, OpenedRequest> opened = new HashMap<>();
        while (rows.next()) {
            UUID request = rows.getObject("request_key", UUID.class);
            CancellationKey key = Objects.requireNonNull(keys.get(request));
            opened.put(
                    request,
                    new OpenedRequest(key, rows.getLong("cancellation_id"), 1, rows.getLong("id"), true, false));
        }
        return opened;
    }

    private static Set<Long> accepted(ResultSet rows) throws SQLException {
        Set<Long> accepted = new HashSet<>();
        while (rows.next()) {
            accepted.add(rows.getLong("request"));
        }
        return accepted;
    }

    /** Binds one array after the other, each with a value for each row. */
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
