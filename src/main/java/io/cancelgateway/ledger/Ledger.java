package io.cancelgateway.ledger;

import static io.cancelgateway.ledger.Columns.STARTED_AT;
import static io.cancelgateway.ledger.Columns.instant;
import static io.cancelgateway.ledger.Columns.instantOrNull;
import static io.cancelgateway.ledger.Columns.key;
import static io.cancelgateway.ledger.Columns.state;
import static io.cancelgateway.ledger.Columns.utc;

import io.cancelgateway.tenant.TenantId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.OptimisticLockingFailureException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.GeneratedKeyHolder;
import org.springframework.jdbc.support.KeyHolder;

/**
 * Writes the table. Each method runs one statement or a few, in the caller's transaction. If several writers race, the
 * database decides: the one that wins gets {@code true}. The SQL is for H2 and PostgreSQL alike. Times are kept to the
 * microsecond. All methods throw {@link org.springframework.dao.DataAccessException} if the database fails.
 */
public class Ledger {

    /** The outcome of an asynchronous request, which is answered as soon as it is recorded. */
    static final String QUEUED = "queued";

    /** Whether a request of this life of {@code c} has no outcome yet. */
    private static final String REQUEST_UNDER_WAY = """
            EXISTS (SELECT 1 FROM cancellation_request r
                     WHERE r.cancellation_id = c.id AND r.life = c.life AND r.outcome IS NULL)
            """;

    /** Whether a replica may be delivering {@code c} at this moment: it has picked the task. */
    private static final String DELIVERY_UNDER_WAY = """
            c.asynchronous AND EXISTS (SELECT 1 FROM scheduled_tasks t
                     WHERE t.task_name = '%s' AND t.picked = TRUE
                       AND t.task_instance = CAST(c.id AS varchar) || '-' || CAST(c.life AS varchar))
            """.formatted(FollowUpTask.NAME);

    /** Whether a record ended because a request found its batch canceled, not through us as it seemed. */
    static final String CANCELED_BY_SOMEBODY_ELSE =
            "state = 'canceled' AND accepted_at IS NULL AND final_total_items IS NULL";

    private static final String FOLLOWED = """
            SELECT id, life, tenant, batch_id, state, asynchronous, %s AS started_at, accepted_at, deadline_at,
                   last_attempt_at, ambiguous, %s AS under_way,
                   (SELECT trace_id || '-' || span_id FROM cancellation_request r
                     WHERE r.cancellation_id = c.id AND r.life = c.life
                     ORDER BY r.id FETCH FIRST 1 ROW ONLY) AS span
              FROM cancellation c
            """.formatted(STARTED_AT, REQUEST_UNDER_WAY);

    private final JdbcClient jdbc;

    Ledger(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /**
     * Records a request. It starts a cancellation, with its follow-up task, starts one again that did not end with its
     * batch, or joins one. An asynchronous request that joins a requested cancellation makes it asynchronous.
     *
     * @throws org.springframework.dao.DataIntegrityViolationException if another request started the same cancellation
     *     at the same time; to be retried in a new transaction
     * @throws OptimisticLockingFailureException if the cancellation was deleted at the same time; to be retried
     *     likewise
     */
    public OpenedRequest open(Intent intent) {
        return insert(intent)
                .map(id ->
                        started(new OpenedRequest(intent.key(), id, 1, addRequest(id, 1, intent), true, false), intent))
                .orElseGet(() -> join(intent));
    }

    /**
     * As {@link #open}, for an intent that may be recorded already, because the commit that should record it got no
     * answer. Finds it by the request's key then.
     */
    public OpenedRequest openAgain(Intent intent) {
        // under the lock of the record, so that a commit of the first try which comes late is seen
        lock(intent.key());
        return recorded(intent).orElseGet(() -> open(intent));
    }

    private void lock(CancellationKey key) {
        jdbc.sql("SELECT id FROM cancellation WHERE tenant = :tenant AND batch_id = :batch FOR UPDATE")
                .param("tenant", key.tenant().value())
                .param("batch", key.batchId())
                .query(Long.class)
                .optional();
    }

    private Optional<OpenedRequest> recorded(Intent intent) {
        return jdbc.sql("""
                        SELECT c.id, r.life, r.id AS request
                          FROM cancellation c
                          JOIN cancellation_request r ON r.cancellation_id = c.id
                         WHERE c.tenant = :tenant AND c.batch_id = :batch AND r.request_key = :key
                        """)
                .param("tenant", intent.key().tenant().value())
                .param("batch", intent.key().batchId())
                .param("key", intent.request())
                .query((row, _) -> new OpenedRequest(
                        intent.key(), row.getLong("id"), row.getInt("life"), row.getLong("request"), false, false))
                .optional();
    }

    private OpenedRequest started(OpenedRequest opened, Intent intent) {
        addFollowUp(
                new FollowUpTask(opened.id(), opened.life()),
                intent.followUpAt(),
                intent.asynchronous() ? FollowUpTask.DELIVERY : FollowUpTask.POLL);
        return opened;
    }

    private void addFollowUp(FollowUpTask task, Instant at, int priority) {
        jdbc.sql("""
                        INSERT INTO scheduled_tasks (task_name, task_instance, execution_time, picked, version,
                                                     priority)
                        VALUES (:task, :instance, :at, FALSE, 1, :priority)
                        """)
                .param("task", FollowUpTask.NAME)
                .param("instance", task.instance())
                .param("at", utc(at))
                .param("priority", priority)
                .update();
    }

    private Optional<Long> insert(Intent intent) {
        KeyHolder id = new GeneratedKeyHolder();
        jdbc.sql("""
                        INSERT INTO cancellation (tenant, batch_id, life, state, asynchronous, requested_by, reason,
                                                  requested_at, deadline_at, attempts, ambiguous)
                        SELECT CAST(:tenant AS varchar), CAST(:batch AS varchar), 1, 'requested',
                               CAST(:asynchronous AS boolean),
                               CAST(:caller AS varchar), CAST(:reason AS varchar),
                               CAST(:received AS timestamp(6) with time zone),
                               CAST(:deadline AS timestamp(6) with time zone), 0, FALSE
                         WHERE NOT EXISTS (SELECT 1 FROM cancellation WHERE tenant = :tenant AND batch_id = :batch)
                        """)
                .param("tenant", intent.key().tenant().value())
                .param("batch", intent.key().batchId())
                .param("asynchronous", intent.asynchronous())
                .param("caller", intent.caller())
                .param("reason", intent.reason())
                .param("received", utc(intent.receivedAt()))
                .param("deadline", utc(intent.deadline()))
                .update(id, "id");
        return Optional.ofNullable(id.getKey()).map(Number::longValue);
    }

    private OpenedRequest join(Intent intent) {
        // first, and whatever the state: it locks the record. If another request is ending it now, the statements below
        // see the result
        postponeDeadline(intent);
        boolean restarted = restart(intent);
        if (!restarted && intent.asynchronous()) {
            makeAsynchronous(intent);
        }
        Joined joined = jdbc.sql("""
                        SELECT id, life, state = 'requested' AND (ambiguous OR %s OR %s) AS unresolved
                          FROM cancellation c
                         WHERE tenant = :tenant AND batch_id = :batch
                        """.formatted(REQUEST_UNDER_WAY, DELIVERY_UNDER_WAY))
                .param("tenant", intent.key().tenant().value())
                .param("batch", intent.key().batchId())
                .query((row, _) -> new Joined(row.getLong("id"), row.getInt("life"), row.getBoolean("unresolved")))
                .single();
        long request = addRequest(joined.id(), joined.life(), intent);
        OpenedRequest opened =
                new OpenedRequest(intent.key(), joined.id(), joined.life(), request, restarted, joined.unresolved());
        return restarted ? started(opened, intent) : opened;
    }

    private record Joined(long id, int life, boolean unresolved) {}

    /** The delivery begins now. If the follow-up is running, it comes back after its delay and delivers then. */
    private void makeAsynchronous(Intent intent) {
        int rows = jdbc.sql("""
                                UPDATE cancellation SET asynchronous = TRUE
                                 WHERE tenant = :tenant AND batch_id = :batch
                                   AND state = 'requested' AND asynchronous = FALSE
                                """)
                .param("tenant", intent.key().tenant().value())
                .param("batch", intent.key().batchId())
                .update();
        if (rows == 1) {
            jdbc.sql("""
                            UPDATE scheduled_tasks SET execution_time = :at, priority = :priority
                             WHERE task_name = :task AND picked = FALSE AND task_instance = (
                                   SELECT CAST(id AS varchar) || '-' || CAST(life AS varchar) FROM cancellation
                                    WHERE tenant = :tenant AND batch_id = :batch)
                            """)
                    .param("at", utc(intent.followUpAt()))
                    .param("priority", FollowUpTask.DELIVERY)
                    .param("task", FollowUpTask.NAME)
                    .param("tenant", intent.key().tenant().value())
                    .param("batch", intent.key().batchId())
                    .update();
        }
    }

    private void postponeDeadline(Intent intent) {
        int found = jdbc.sql("""
                        UPDATE cancellation
                           SET deadline_at = GREATEST(deadline_at, :deadline)
                         WHERE tenant = :tenant AND batch_id = :batch
                        """)
                .param("deadline", utc(intent.deadline()))
                .param("tenant", intent.key().tenant().value())
                .param("batch", intent.key().batchId())
                .update();
        if (found == 0) {
            throw new OptimisticLockingFailureException("The record was deleted while a request was joining it");
        }
    }

    /**
     * Starts a record again, if it is in a state that allows it. A record that was accepted, but whose end was not
     * learned, goes on in canceling. An unconfirmed record becomes ambiguous: its cancel may still have taken effect.
     * The requested_at stays: lists are in that order, and a reader between two pages would miss a record that moved.
     */
    private boolean restart(Intent intent) {
        int rows = jdbc.sql("""
                                UPDATE cancellation
                                   SET state = CASE WHEN accepted_at IS NULL THEN 'requested' ELSE 'canceling' END,
                                       ambiguous = state = 'unconfirmed',
                                       life = life + 1, asynchronous = :asynchronous,
                                       requested_by = :caller, reason = :reason, restarted_at = :received,
                                       finished_at = NULL, deadline_at = :deadline, last_attempt_at = NULL
                                 WHERE tenant = :tenant AND batch_id = :batch AND state IN (:before)
                                """)
                .param("asynchronous", intent.asynchronous())
                .param("caller", intent.caller())
                .param("reason", intent.reason())
                .param("received", utc(intent.receivedAt()))
                .param("deadline", utc(intent.deadline()))
                .param("tenant", intent.key().tenant().value())
                .param("batch", intent.key().batchId())
                .param("before", CancellationState.wordsOfRestartable())
                .update();
        return rows == 1;
    }

    private long addRequest(long id, int life, Intent intent) {
        KeyHolder request = new GeneratedKeyHolder();
        jdbc.sql("""
                        INSERT INTO cancellation_request (cancellation_id, life, caller, reason, received_at, trace_id,
                                                          span_id, outcome, request_key)
                        VALUES (:id, :life, :caller, :reason, :received, :trace, :span, :outcome, :key)
                        """)
                .param("id", id)
                .param("life", life)
                .param("caller", intent.caller())
                .param("reason", intent.reason())
                .param("received", utc(intent.receivedAt()))
                .param("trace", intent.traceId())
                .param("span", intent.spanId())
                .param("outcome", intent.asynchronous() ? QUEUED : null)
                .param("key", intent.request())
                .update(request, "id");
        Number key = request.getKey();
        if (key == null) {
            throw new IllegalStateException("The database gave the request no id");
        }
        return key.longValue();
    }

    /**
     * Moves a record to {@code canceling}, unless it was accepted before or has ended. Adds the request's cancels to
     * its attempts, and keeps the batch's snapshot at acceptance.
     *
     * @param sent the cancels that the request sent upstream, 0 or more
     * @return whether this call moved it
     */
    public boolean accept(long id, int sent, BatchSnapshot snapshot, Instant now) {
        int rows = jdbc.sql("""
                                UPDATE cancellation
                                   SET state = 'canceling', accepted_at = :now, attempts = attempts + :sent,
                                       model_name = :model, analysis_mode = :mode,
                                       accepted_total_items = :total, accepted_queued_items = :queued,
                                       accepted_processing_items = :processing, accepted_ready_items = :ready,
                                       accepted_failed_items = :failed, accepted_canceled_items = :canceled
                                 WHERE id = :id AND state IN (:before)
                                """)
                .param("before", CancellationState.wordsBefore(CancellationState.CANCELING))
                .param("now", utc(now))
                .param("sent", sent)
                .params(parameters(snapshot))
                .param("id", id)
                .update();
        return rows == 1;
    }

    /**
     * Starts a record again as accepted, if it ended as canceled by somebody else. A 202 to a cancel of ours shows that
     * it was canceled through us: another request saw its batch canceled, and was recorded before. Its follow-up finds
     * out the final counts.
     *
     * @return whether this call did it
     */
    public boolean reopenAsAccepted(long id, int sent, BatchSnapshot snapshot, Instant now) {
        Optional<Integer> life = jdbc.sql("""
                        SELECT life FROM cancellation
                         WHERE id = :id AND %s
                           FOR UPDATE
                        """.formatted(CANCELED_BY_SOMEBODY_ELSE))
                .param("id", id)
                .query(Integer.class)
                .optional();
        if (life.isEmpty()) {
            return false;
        }
        jdbc.sql("""
                        UPDATE cancellation
                           SET state = 'canceling', life = life + 1, accepted_at = :now, finished_at = NULL,
                               restarted_at = :now, attempts = attempts + :sent, last_attempt_at = :now,
                               model_name = :model, analysis_mode = :mode,
                               accepted_total_items = :total, accepted_queued_items = :queued,
                               accepted_processing_items = :processing, accepted_ready_items = :ready,
                               accepted_failed_items = :failed, accepted_canceled_items = :canceled
                         WHERE id = :id
                        """)
                .param("now", utc(now))
                .param("sent", sent)
                .params(parameters(snapshot))
                .param("id", id)
                .update();
        addFollowUp(new FollowUpTask(id, life.get() + 1), now, FollowUpTask.POLL);
        return true;
    }

    /** Lets the follow-up of an asynchronous cancel that was delivered go behind those that deliver. */
    public void delivered(FollowUpTask task) {
        jdbc.sql("""
                        UPDATE scheduled_tasks SET priority = :priority
                         WHERE task_name = :task AND task_instance = :instance
                        """)
                .param("priority", FollowUpTask.POLL)
                .param("task", FollowUpTask.NAME)
                .param("instance", task.instance())
                .update();
    }

    private static Map<String, @Nullable Object> parameters(BatchSnapshot snapshot) {
        ItemCounts counts = snapshot.counts();
        Map<String, @Nullable Object> parameters = new HashMap<>();
        parameters.put("model", snapshot.modelName());
        parameters.put("mode", snapshot.analysisMode());
        parameters.put("total", counts.total());
        parameters.put("queued", counts.queued());
        parameters.put("processing", counts.processing());
        parameters.put("ready", counts.ready());
        parameters.put("failed", counts.failed());
        parameters.put("canceled", counts.canceled());
        return parameters;
    }

    /**
     * Notes that a request of this cancellation has ended, whatever its outcome. Locks the record until the transaction
     * ends: of several requests that end at once, the last one sees that it is the last.
     *
     * @param sent the cancels that it sent upstream, 0 or more
     * @param ambiguous whether one of them may have taken effect without an answer
     */
    public void attempted(long id, int sent, boolean ambiguous, Instant now) {
        jdbc.sql("""
                        UPDATE cancellation
                           SET attempts = attempts + :sent, last_attempt_at = :now, ambiguous = ambiguous OR :ambiguous
                         WHERE id = :id
                        """)
                .param("sent", sent)
                .param("now", utc(now))
                .param("ambiguous", ambiguous)
                .param("id", id)
                .update();
    }

    /**
     * Writes the outcome of a request, unless it has one.
     *
     * @return whether it had none
     */
    public boolean answered(long request, String outcome) {
        int rows = jdbc.sql("UPDATE cancellation_request SET outcome = :outcome WHERE id = :id AND outcome IS NULL")
                .param("outcome", outcome)
                .param("id", request)
                .update();
        return rows == 1;
    }

    /** Writes that requests which waited for the end of their batch were answered with that. */
    public void confirmed(Collection<Long> requests, String outcome) {
        if (requests.isEmpty()) {
            return;
        }
        // one without an outcome is left to the write of its result, which is still to come
        jdbc.sql("UPDATE cancellation_request SET outcome = :outcome WHERE id IN (:ids) AND outcome IS NOT NULL")
                .param("outcome", outcome)
                .param("ids", requests)
                .update();
    }

    /**
     * Notes that a delivery of an asynchronous cancel may have been sent whose answer is not known, because its replica
     * died or could not record it.
     */
    public void deliveryMayHaveBeenSent(long id, int life) {
        jdbc.sql("""
                        UPDATE cancellation SET ambiguous = TRUE
                         WHERE id = :id AND life = :life AND state = 'requested' AND asynchronous
                        """).param("id", id).param("life", life).update();
    }

    /**
     * Lets follow-ups of these tenants run now that may be waiting for a key: deliveries, whatever they wait for, and
     * polls that are far off. Those that a replica is running are left alone.
     *
     * @param far polls that are due later are far off
     * @return how many
     */
    public int wake(Collection<TenantId> tenants, Instant now, Instant far) {
        return tenants.isEmpty() ? 0 : wake(tenants, now, now, true) + wake(tenants, now, far, false);
    }

    private int wake(Collection<TenantId> tenants, Instant now, Instant dueAfter, boolean onlyDeliveries) {
        return jdbc.sql("""
                        UPDATE scheduled_tasks SET execution_time = :now
                         WHERE task_name = :task AND picked = FALSE AND execution_time > :due_after
                           AND task_instance IN (
                               SELECT CAST(id AS varchar) || '-' || CAST(life AS varchar) FROM cancellation
                                WHERE finished_at IS NULL AND tenant IN (:tenants)
                                  AND (NOT :only_deliveries OR asynchronous AND state = :requested))
                        """)
                .param("now", utc(now))
                .param("due_after", utc(dueAfter))
                .param("task", FollowUpTask.NAME)
                .param("tenants", tenants.stream().map(TenantId::value).toList())
                .param("only_deliveries", onlyDeliveries)
                .param("requested", CancellationState.REQUESTED.word())
                .update();
    }

    /**
     * Ends a record with its batch, and keeps the final counts. Does nothing if the record has ended or was started
     * again.
     *
     * @param life the life of the cancellation that was polled or answered
     * @param end {@code canceled}, {@code completed} or {@code expired}; {@code unconfirmed} if the end could not be
     *     learned
     * @return whether this call ended it
     */
    public boolean endWithBatch(long id, int life, CancellationState end, BatchSnapshot snapshot, Instant now) {
        int rows = jdbc.sql("""
                                UPDATE cancellation
                                   SET state = :end, finished_at = :now,
                                       model_name = COALESCE(:model, model_name),
                                       analysis_mode = COALESCE(:mode, analysis_mode),
                                       final_total_items = :total, final_queued_items = :queued,
                                       final_processing_items = :processing, final_ready_items = :ready,
                                       final_failed_items = :failed, final_canceled_items = :canceled
                                 WHERE id = :id AND life = :life AND state IN (:before)
                                """)
                .param("end", end.word())
                .param("now", utc(now))
                .params(parameters(snapshot))
                .param("id", id)
                .param("life", life)
                .param("before", CancellationState.wordsBefore(end))
                .update();
        return rows == 1;
    }

    /**
     * Ends a record by the answer to a request. Does nothing if the record has ended, was accepted, is ambiguous, or
     * has another request or a delivery under way, which may still be accepted. That last guard does not apply to
     * {@code completed} and {@code expired}: the batch is at its end for the others, too. An asynchronous record is not
     * ended by {@code failed} or {@code rejected}: it is still to be delivered.
     *
     * @return whether this call ended it
     */
    public boolean endIfNothingUnresolved(long id, CancellationState end, Instant now) {
        int rows = jdbc.sql("""
                                UPDATE cancellation c
                                   SET state = :end, finished_at = :now
                                 WHERE id = :id AND state IN (:before) AND accepted_at IS NULL AND NOT ambiguous
                                   AND (NOT asynchronous OR :aboutBatch)
                                   AND (:certain OR NOT (%s OR %s))
                                """.formatted(REQUEST_UNDER_WAY, DELIVERY_UNDER_WAY))
                .param("before", CancellationState.wordsBefore(end))
                .param("certain", end == CancellationState.COMPLETED || end == CancellationState.EXPIRED)
                .param("aboutBatch", end != CancellationState.FAILED && end != CancellationState.REJECTED)
                .param("end", end.word())
                .param("now", utc(now))
                .param("id", id)
                .update();
        return rows == 1;
    }

    /**
     * Ends a record because a poll after all requests had ended, or a delivery, showed that the cancel had no effect.
     * Does nothing if the record has ended or was accepted, if a request joined it or made it asynchronous since, or if
     * the deadline of its latest request is not over.
     *
     * @param seen the record as it was before the poll
     * @return whether this call ended it
     */
    public boolean endIfUnchangedSince(FollowedCancellation seen, CancellationState end, Instant now) {
        int rows = jdbc.sql("""
                                UPDATE cancellation
                                   SET state = :end, finished_at = :now
                                 WHERE id = :id AND life = :life AND state IN (:before) AND accepted_at IS NULL
                                   AND deadline_at = :deadline AND deadline_at <= :now
                                   AND asynchronous = :asynchronous
                                """)
                .param("end", end.word())
                .param("now", utc(now))
                .param("id", seen.id())
                .param("life", seen.life())
                .param("before", CancellationState.wordsBefore(end))
                .param("deadline", utc(seen.deadline()))
                .param("asynchronous", seen.asynchronous())
                .update();
        return rows == 1;
    }

    /** Adds the items of a batch that ended canceled through us, in the transaction that ended its record. */
    public void addToTotals(TenantId tenant, ItemCounts counts) {
        if (changeTotals(tenant, counts) == 0) {
            jdbc.sql("""
                            INSERT INTO item_total (tenant, canceled, ready, failed)
                            VALUES (:tenant, :canceled, :ready, :failed)
                            """)
                    .param("tenant", tenant.value())
                    .param("canceled", orZero(counts.canceled()))
                    .param("ready", orZero(counts.ready()))
                    .param("failed", orZero(counts.failed()))
                    .update();
        }
    }

    private int changeTotals(TenantId tenant, ItemCounts counts) {
        return jdbc.sql("""
                        UPDATE item_total
                           SET canceled = canceled + :canceled, ready = ready + :ready, failed = failed + :failed
                         WHERE tenant = :tenant
                        """)
                .param("tenant", tenant.value())
                .param("canceled", orZero(counts.canceled()))
                .param("ready", orZero(counts.ready()))
                .param("failed", orZero(counts.failed()))
                .update();
    }

    private static int orZero(@Nullable Integer count) {
        return count == null ? 0 : count;
    }

    /** What a follow-up needs to know; empty if the record is gone, or was started again since {@code life}. */
    public Optional<FollowedCancellation> followed(long id, int life) {
        return jdbc.sql(FOLLOWED + " WHERE id = :id AND life = :life")
                .param("id", id)
                .param("life", life)
                .query((row, _) -> followed(row))
                .optional();
    }

    /** The same of the present life of this cancellation; empty if there is no record. */
    public Optional<FollowedCancellation> followed(CancellationKey key) {
        return jdbc.sql(FOLLOWED + " WHERE tenant = :tenant AND batch_id = :batch")
                .param("tenant", key.tenant().value())
                .param("batch", key.batchId())
                .query((row, _) -> followed(row))
                .optional();
    }

    private static FollowedCancellation followed(ResultSet row) throws SQLException {
        return new FollowedCancellation(
                row.getLong("id"),
                row.getInt("life"),
                key(row),
                state(row),
                row.getBoolean("asynchronous"),
                instant(row, "started_at"),
                instantOrNull(row, "accepted_at"),
                instant(row, "deadline_at"),
                instantOrNull(row, "last_attempt_at"),
                row.getBoolean("ambiguous"),
                row.getBoolean("under_way"),
                span(row.getString("span")));
    }

    private static @Nullable RequestSpan span(@Nullable String traceAndSpan) {
        if (traceAndSpan == null) {
            return null;
        }
        int between = traceAndSpan.lastIndexOf('-');
        return new RequestSpan(traceAndSpan.substring(0, between), traceAndSpan.substring(between + 1));
    }

    /**
     * Deletes the follow-up task of a record that ended in this transaction. Otherwise the task would run once more
     * with nothing to do. A task that a replica has picked stays: that replica removes it when it has run.
     *
     * @return whether it was there and not picked
     */
    public boolean removeFollowUp(FollowUpTask task) {
        int rows = jdbc.sql("""
                                DELETE FROM scheduled_tasks
                                 WHERE task_name = :task AND task_instance = :instance AND picked = FALSE
                                """)
                .param("task", FollowUpTask.NAME)
                .param("instance", task.instance())
                .update();
        return rows == 1;
    }

    /**
     * Deletes terminal records, with their requests, if their end and all their requests are older than {@code before}.
     * A record's deadline shows this: it is never before its latest request.
     *
     * @param limit how many to delete at most
     * @return how many were deleted
     */
    int deleteFinishedBefore(Instant before, int limit) {
        // the outer condition is checked again once a row is locked: a request may have joined meanwhile
        return jdbc.sql("""
                        DELETE FROM cancellation
                         WHERE finished_at < :before AND deadline_at < :before AND id IN (
                               SELECT id FROM cancellation
                                WHERE finished_at < :before AND deadline_at < :before
                                ORDER BY finished_at
                                FETCH FIRST :limit ROWS ONLY)
                        """).param("before", utc(before)).param("limit", limit).update();
    }
}
