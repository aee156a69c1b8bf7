package io.cancelgateway.ledger;

import static io.cancelgateway.ledger.Columns.utc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.ConnectionCallback;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * A group row by row in one transaction: H2 runs in this process, so a statement costs no round trip, but a commit
 * costs as much as several rows.
 */
class H2GroupStatements implements GroupStatements {

    /** Milliseconds. H2 waits for a row that another transaction is inserting with the same key. */
    private static final int LOCK_TIMEOUT = 50;

    private static final String START = """
            INSERT INTO cancellation (tenant, batch_id, life, state, asynchronous, requested_by, reason,
                                      requested_at, deadline_at, attempts, ambiguous)
            SELECT CAST(? AS varchar), CAST(? AS varchar), 1, 'requested', CAST(? AS boolean), CAST(? AS varchar),
                   CAST(? AS varchar), CAST(? AS timestamp(6) with time zone),
                   CAST(? AS timestamp(6) with time zone), 0, FALSE
             WHERE NOT EXISTS (SELECT 1 FROM cancellation WHERE tenant = ? AND batch_id = ?)
            """;

    private static final String JOINABLE = """
            SELECT id, life FROM cancellation WHERE tenant = ? AND batch_id = ? AND state IN (%s) FOR UPDATE SKIP LOCKED
            """.formatted(CancellationState.quoted(CancellationState.wordsOfJoinable()));

    private static final String POSTPONE_DEADLINE =
            "UPDATE cancellation SET deadline_at = GREATEST(deadline_at, ?) WHERE id = ?";

    private static final String ADD_REQUEST = """
            INSERT INTO cancellation_request (cancellation_id, life, caller, reason, received_at, trace_id, span_id,
                                              outcome, request_key)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """;

    private static final String ADD_FOLLOW_UP = """
            INSERT INTO scheduled_tasks (task_name, task_instance, execution_time, picked, version, priority)
            VALUES ('%s', ?, ?, FALSE, 1, ?)
            """.formatted(FollowUpTask.NAME);

    private static final String LOCK = """
            SELECT id, state IN (%s) AS is_first FROM cancellation WHERE id = ANY (?) AND NOT (%s)
               FOR UPDATE SKIP LOCKED
            """.formatted(
                    CancellationState.quoted(CancellationState.wordsBefore(CancellationState.CANCELING)),
                    Ledger.CANCELED_BY_SOMEBODY_ELSE);

    private static final String ANSWER = "UPDATE cancellation_request SET outcome = ? WHERE id = ? AND outcome IS NULL";

    private static final String ACCEPT = """
            UPDATE cancellation
               SET state = 'canceling', accepted_at = ?, attempts = attempts + ?, model_name = ?, analysis_mode = ?,
                   accepted_total_items = ?, accepted_queued_items = ?, accepted_processing_items = ?,
                   accepted_ready_items = ?, accepted_failed_items = ?, accepted_canceled_items = ?
             WHERE id = ?
            """;

    private static final String ATTEMPTED = """
            UPDATE cancellation SET attempts = attempts + ?, last_attempt_at = ?, ambiguous = ambiguous OR ?
             WHERE id = ?
            """;

    private final JdbcTemplate jdbc;
    private final TransactionTemplate transaction;
    private final int usualLockTimeout;

    H2GroupStatements(JdbcTemplate jdbc, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.transaction = new TransactionTemplate(transactions);
        this.usualLockTimeout = Objects.requireNonNull(jdbc.queryForObject("CALL LOCK_TIMEOUT()", Integer.class));
    }

    /** H2 waits for two seconds by itself. */
    @Override
    public void limitLockWait() {}

    @Override
    public Written write(List<Opening> openings, List<Acceptance> acceptances) {
        return transaction.execute(_ ->
                Objects.requireNonNull(jdbc.execute((ConnectionCallback<Written>) connection -> {
                    setLockTimeout(connection, LOCK_TIMEOUT);
                    try {
                        return new Written(open(connection, openings), accept(connection, acceptances));
                    } finally {
                        setLockTimeout(connection, usualLockTimeout); // others use this connection, too
                    }
                })));
    }

    private static void setLockTimeout(Connection connection, int millis) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET LOCK_TIMEOUT " + millis);
        }
    }

    private static Map<UUID, OpenedRequest> open(Connection connection, List<Opening> openings) throws SQLException {
        Map<UUID, OpenedRequest> opened = new HashMap<>();
        if (openings.isEmpty()) {
            return opened;
        }
        List<Intent> others = new ArrayList<>();
        try (PreparedStatement start = connection.prepareStatement(START, new String[] {"id"});
                PreparedStatement request = connection.prepareStatement(ADD_REQUEST, new String[] {"id"});
                PreparedStatement followUp = connection.prepareStatement(ADD_FOLLOW_UP)) {
            for (Opening opening : openings) {
                Intent intent = opening.intent();
                if (start(start, intent)) {
                    long id = generatedId(start);
                    long requestId = addRequest(request, id, 1, intent);
                    addFollowUp(followUp, id, intent);
                    opened.put(intent.request(), new OpenedRequest(intent.key(), id, 1, requestId, true, false));
                } else if (!opening.again()) {
                    others.add(intent);
                }
            }
            if (!others.isEmpty()) {
                join(connection, request, others, opened);
            }
        }
        return opened;
    }

    private static void join(
            Connection connection, PreparedStatement request, List<Intent> intents, Map<UUID, OpenedRequest> opened)
            throws SQLException {
        try (PreparedStatement joinable = connection.prepareStatement(JOINABLE);
                PreparedStatement postpone = connection.prepareStatement(POSTPONE_DEADLINE)) {
            for (Intent intent : intents) {
                joinable.setString(1, intent.key().tenant().value());
                joinable.setString(2, intent.key().batchId());
                try (ResultSet row = joinable.executeQuery()) {
                    if (row.next()) {
                        long id = row.getLong("id");
                        int life = row.getInt("life");
                        postpone.setObject(1, utc(intent.deadline()));
                        postpone.setLong(2, id);
                        postpone.executeUpdate();
                        long requestId = addRequest(request, id, life, intent);
                        opened.put(
                                intent.request(), new OpenedRequest(intent.key(), id, life, requestId, false, false));
                    }
                }
            }
        }
    }

    private static boolean start(PreparedStatement statement, Intent intent) throws SQLException {
        String tenant = intent.key().tenant().value();
        String batch = intent.key().batchId();
        statement.setString(1, tenant);
        statement.setString(2, batch);
        statement.setBoolean(3, intent.asynchronous());
        statement.setString(4, intent.caller());
        statement.setString(5, intent.reason());
        statement.setObject(6, utc(intent.receivedAt()));
        statement.setObject(7, utc(intent.deadline()));
        statement.setString(8, tenant);
        statement.setString(9, batch);
        return statement.executeUpdate() == 1;
    }

    private static long addRequest(PreparedStatement statement, long id, int life, Intent intent) throws SQLException {
        statement.setLong(1, id);
        statement.setInt(2, life);
        statement.setString(3, intent.caller());
        statement.setString(4, intent.reason());
        statement.setObject(5, utc(intent.receivedAt()));
        statement.setString(6, intent.traceId());
        statement.setString(7, intent.spanId());
        statement.setString(8, intent.asynchronous() ? Ledger.QUEUED : null);
        statement.setObject(9, intent.request());
        statement.executeUpdate();
        return generatedId(statement);
    }

    private static void addFollowUp(PreparedStatement statement, long id, Intent intent) throws SQLException {
        statement.setString(1, new FollowUpTask(id, 1).instance());
        statement.setObject(2, utc(intent.followUpAt()));
        statement.setInt(3, intent.asynchronous() ? FollowUpTask.DELIVERY : FollowUpTask.POLL);
        statement.executeUpdate();
    }

    private static long generatedId(PreparedStatement statement) throws SQLException {
        try (ResultSet keys = statement.getGeneratedKeys()) {
            keys.next();
            return keys.getLong(1);
        }
    }

    private static Map<Long, Boolean> accept(Connection connection, List<Acceptance> acceptances) throws SQLException {
        Map<Long, Boolean> accepted = new HashMap<>();
        if (acceptances.isEmpty()) {
            return accepted;
        }
        Map<Long, Boolean> free = lock(connection, acceptances);
        try (PreparedStatement answer = connection.prepareStatement(ANSWER);
                PreparedStatement accept = connection.prepareStatement(ACCEPT);
                PreparedStatement attempted = connection.prepareStatement(ATTEMPTED)) {
            for (Acceptance acceptance : acceptances) {
                Change change = acceptance.change();
                @Nullable Boolean first = free.get(change.id());
                if (first != null && answer(answer, acceptance.result())) {
                    if (first) {
                        accept(accept, change, acceptance.snapshot());
                    } else {
                        attempted(attempted, change);
                    }
                    accepted.put(acceptance.result().id(), first);
                }
            }
        }
        return accepted;
    }

    /** Those that nobody else locks, and whether they are requested. */
    private static Map<Long, Boolean> lock(Connection connection, List<Acceptance> acceptances) throws SQLException {
        Map<Long, Boolean> locked = new HashMap<>();
        Object[] ids =
                acceptances.stream().map(acceptance -> acceptance.change().id()).toArray();
        try (PreparedStatement statement = connection.prepareStatement(LOCK)) {
            statement.setArray(1, connection.createArrayOf("BIGINT", ids));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    locked.put(rows.getLong("id"), rows.getBoolean("is_first"));
                }
            }
        }
        return locked;
    }

    private static void attempted(PreparedStatement statement, Change change) throws SQLException {
        statement.setInt(1, change.sent().cancels());
        statement.setObject(2, utc(change.at()));
        statement.setBoolean(3, change.sent().ambiguous());
        statement.setLong(4, change.id());
        statement.executeUpdate();
    }

    private static boolean answer(PreparedStatement statement, Change.RequestResult result) throws SQLException {
        statement.setString(1, result.outcome());
        statement.setLong(2, result.id());
        return statement.executeUpdate() == 1;
    }

    private static void accept(PreparedStatement statement, Change change, BatchSnapshot snapshot) throws SQLException {
        ItemCounts counts = snapshot.counts();
        statement.setObject(1, utc(change.at()));
        statement.setInt(2, change.sent().cancels());
        statement.setString(3, snapshot.modelName());
        statement.setString(4, snapshot.analysisMode());
        setCounts(
                statement,
                5,
                counts.total(),
                counts.queued(),
                counts.processing(),
                counts.ready(),
                counts.failed(),
                counts.canceled());
        statement.setLong(11, change.id());
        statement.executeUpdate();
    }

    private static void setCounts(PreparedStatement statement, int first, @Nullable Integer... counts)
            throws SQLException {
        for (int i = 0; i < counts.length; i++) {
            statement.setObject(first + i, counts[i]);
        }
    }
}
