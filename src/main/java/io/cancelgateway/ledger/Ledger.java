package io.cancelgateway.ledger;

import static io.cancelgateway.ledger.Columns.STARTED_AT;
import static io.cancelgateway.ledger.Columns.instant;
import static io.cancelgateway.ledger.Columns.instantOrNull;
import static io.cancelgateway.ledger.Columns.key;
import static io.cancelgateway.ledger.Columns.state;
import static io.cancelgateway.ledger.Columns.utc;

import io.cancelgateway.tenant.TenantId;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.OptimisticLockingFailureException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.GeneratedKeyHolder;
import org.springframework.jdbc.support.KeyHolder;

/**
 * What changes in the table. Each method is one to a few statements in the caller's transaction; whoever of several writers wins is told
 * so by {@code true}. SQL that H2 and PostgreSQL both take. Times are kept to the microsecond.
 */
public class Ledger {

    private final JdbcClient jdbc;

    Ledger(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /**
     * Writes a request down: starts a cancellation, starts one again that did not come to the batch's end, or joins.
     *
     * @throws org.springframework.dao.DataIntegrityViolationException if another request started the same cancellation
     *     in this moment
     * @throws OptimisticLockingFailureException if it was deleted in this moment; both to be tried again, in a new
     *     transaction
     */
    public OpenedRequest open(Intent intent) {
        return insert(intent)
                .map(id -> new OpenedRequest(intent.key(), id, 1, addRequest(id, 1, intent), true, false))
                .orElseGet(() -> join(intent));
    }

    private Optional<Long> insert(Intent intent) {
        KeyHolder id = new GeneratedKeyHolder();
        jdbc.sql("""
                        INSERT INTO cancellation (tenant, batch_id, life, state, asynchronous, requested_by, reason,
                                                  requested_at, deadline_at, attempts, ambiguous)
                        SELECT CAST(:tenant AS varchar), CAST(:batch AS varchar), 1, 'requested', FALSE,
                               CAST(:caller AS varchar), CAST(:reason AS varchar),
                               CAST(:received AS timestamp(6) with time zone),
                               CAST(:deadline AS timestamp(6) with time zone), 0, FALSE
                         WHERE NOT EXISTS (SELECT 1 FROM cancellation WHERE tenant = :tenant AND batch_id = :batch)
                        """)
                .param("tenant", intent.key().tenant().value())
                .param("batch", intent.key().batchId())
                .param("caller", intent.caller())
                .param("reason", intent.reason())
                .param("received", utc(intent.receivedAt()))
                .param("deadline", utc(intent.deadline()))
                .update(id, "id");
        return Optional.ofNullable(id.getKey()).map(Number::longValue);
    }

    private OpenedRequest join(Intent intent) {
        // first of all, and whatever its state: it locks the record, so that what comes next sees how a request that is
        // ending it now has ended it
        postponeDeadline(intent);
        boolean restarted = restart(intent);
        Joined joined = jdbc.sql("""
                        SELECT id, life, state = 'requested' AND (ambiguous OR EXISTS (
                                   SELECT 1 FROM cancellation_request r
                                    WHERE r.cancellation_id = c.id AND r.life = c.life AND r.outcome IS NULL))
                               AS unresolved
                          FROM cancellation c
                         WHERE tenant = :tenant AND batch_id = :batch
                        """)
                .param("tenant", intent.key().tenant().value())
                .param("batch", intent.key().batchId())
                .query((row, _) -> new Joined(row.getLong("id"), row.getInt("life"), row.getBoolean("unresolved")))
                .single();
        long request = addRequest(joined.id(), joined.life(), intent);
        return new OpenedRequest(intent.key(), joined.id(), joined.life(), request, restarted, joined.unresolved());
    }

    private record Joined(long id, int life, boolean unresolved) {}

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
            throw new OptimisticLockingFailureException("The record to join was deleted in this moment");
        }
    }

    /**
     * One that was accepted, but whose end was not learned, goes on being canceling; and what may have been, may still.
     * Its requested_at stays: lists are in that order, and whoever is paging one would miss a record that moved.
     */
    private boolean restart(Intent intent) {
        int rows = jdbc.sql("""
                                UPDATE cancellation
                                   SET state = CASE WHEN accepted_at IS NULL THEN 'requested' ELSE 'canceling' END,
                                       ambiguous = state = 'unconfirmed',
                                       life = life + 1, asynchronous = FALSE,
                                       requested_by = :caller, reason = :reason, restarted_at = :received,
                                       finished_at = NULL, deadline_at = :deadline, last_attempt_at = NULL
                                 WHERE tenant = :tenant AND batch_id = :batch AND state IN (:before)
                                """)
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
                        INSERT INTO cancellation_request (cancellation_id, life, caller, reason, received_at, trace_id)
                        VALUES (:id, :life, :caller, :reason, :received, :trace)
                        """)
                .param("id", id)
                .param("life", life)
                .param("caller", intent.caller())
                .param("reason", intent.reason())
                .param("received", utc(intent.receivedAt()))
                .param("trace", intent.traceId())
                .update(request, "id");
        Number key = request.getKey();
        if (key == null) {
            throw new IllegalStateException("The database gave the request no id");
        }
        return key.longValue();
    }

    /**
     * The upstream accepted the cancel: counts the request's cancels, and shows the batch as it was then.
     *
     * @param sent cancels sent by this request
     * @return whether this is the first acceptance
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
                .params(seen(snapshot))
                .param("id", id)
                .update();
        return rows == 1;
    }

    private static Map<String, @Nullable Object> seen(BatchSnapshot snapshot) {
        ItemCounts counts = snapshot.counts();
        Map<String, @Nullable Object> seen = new HashMap<>();
        seen.put("model", snapshot.modelName());
        seen.put("mode", snapshot.analysisMode());
        seen.put("total", counts.total());
        seen.put("queued", counts.queued());
        seen.put("processing", counts.processing());
        seen.put("ready", counts.ready());
        seen.put("failed", counts.failed());
        seen.put("canceled", counts.canceled());
        return seen;
    }

    /**
     * Notes that a request of this cancellation is over, whatever came of it. Locks the record until the transaction
     * ends, so that of several requests that end at once the last one knows that it is.
     *
     * @param sent cancels sent by it
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

    /** Fills in what a request was answered; once. */
    public void answered(long request, String outcome) {
        jdbc.sql("UPDATE cancellation_request SET outcome = :outcome WHERE id = :id AND outcome IS NULL")
                .param("outcome", outcome)
                .param("id", request)
                .update();
    }

    /**
     * The batch's end is known, or will not be: ends the record, with the counts that were seen.
     *
     * @param end {@code canceled}, {@code completed} or {@code expired}; or {@code unconfirmed}, where it will not be
     * @param life the life that was looked at: one that was started since is another matter
     * @return whether it was this call that ended it
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
                .params(seen(snapshot))
                .param("id", id)
                .param("life", life)
                .param("before", CancellationState.wordsBefore(end))
                .update();
        return rows == 1;
    }

    /**
     * What a request was answered ends the cancellation, unless it was accepted, or one of its requests may have taken
     * effect without an answer, or is under way still and may be told better: that a batch is completed or expired it
     * will be told too.
     *
     * @return whether it was this call that ended it
     */
    public boolean endIfNothingUnresolved(long id, CancellationState end, Instant now) {
        int rows = jdbc.sql("""
                                UPDATE cancellation
                                   SET state = :end, finished_at = :now
                                 WHERE id = :id AND state IN (:before) AND accepted_at IS NULL AND NOT ambiguous
                                   AND (:certain OR NOT EXISTS (
                                        SELECT 1 FROM cancellation_request r
                                         WHERE r.cancellation_id = cancellation.id
                                           AND r.life = cancellation.life AND r.outcome IS NULL))
                                """)
                .param("before", CancellationState.wordsBefore(end))
                .param("certain", end == CancellationState.COMPLETED || end == CancellationState.EXPIRED)
                .param("end", end.word())
                .param("now", utc(now))
                .param("id", id)
                .update();
        return rows == 1;
    }

    /**
     * The upstream was looked at after every request was over, and the cancel has not taken effect.
     *
     * @param seen the record as it was before the look
     * @return whether it was this call that ended it; false too where a new request came in meanwhile
     */
    public boolean endIfUnchangedSince(FollowedCancellation seen, CancellationState end, Instant now) {
        int rows = jdbc.sql("""
                                UPDATE cancellation
                                   SET state = :end, finished_at = :now
                                 WHERE id = :id AND life = :life AND state IN (:before) AND accepted_at IS NULL
                                   AND deadline_at = :deadline AND deadline_at <= :now
                                """)
                .param("end", end.word())
                .param("now", utc(now))
                .param("id", seen.id())
                .param("life", seen.life())
                .param("before", CancellationState.wordsBefore(end))
                .param("deadline", utc(seen.deadline()))
                .update();
        return rows == 1;
    }

    /** Adds the items of a batch that ended canceled through us; in the transaction that ended it. */
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

    /** What a follow-up must know; empty where the record is gone or is in another life by now. */
    public Optional<FollowedCancellation> followed(long id, int life) {
        return jdbc.sql("""
                        SELECT id, life, tenant, batch_id, state, %s AS started_at, accepted_at, deadline_at,
                               last_attempt_at, ambiguous, EXISTS (
                                   SELECT 1 FROM cancellation_request r
                                    WHERE r.cancellation_id = c.id AND r.life = c.life AND r.outcome IS NULL)
                               AS under_way
                          FROM cancellation c
                         WHERE id = :id AND life = :life
                        """.formatted(STARTED_AT))
                .param("id", id)
                .param("life", life)
                .query((row, _) -> new FollowedCancellation(
                        row.getLong("id"),
                        row.getInt("life"),
                        key(row),
                        state(row),
                        instant(row, "started_at"),
                        instantOrNull(row, "accepted_at"),
                        instant(row, "deadline_at"),
                        instantOrNull(row, "last_attempt_at"),
                        row.getBoolean("ambiguous"),
                        row.getBoolean("under_way")))
                .optional();
    }

    /**
     * Deletes the follow-up's task of a record that ended in this transaction; else the task would wake only to find
     * nothing left to do. A task that is picked is left to itself: its replica removes it once it has looked.
     *
     * @param task the task's name
     * @param instance which one of that name
     * @return whether it was there and not picked
     */
    public boolean removeFollowUp(String task, String instance) {
        int rows = jdbc.sql("""
                                DELETE FROM scheduled_tasks
                                 WHERE task_name = :task AND task_instance = :instance AND picked = FALSE
                                """).param("task", task).param("instance", instance).update();
        return rows == 1;
    }

    /**
     * Deletes up to {@code limit} terminal records that ended before, with their requests, unless one of these is
     * newer; returns how many. Every request that joins postpones the record's deadline, which lies after the request.
     */
    int deleteFinishedBefore(Instant before, int limit) {
        // the outer condition is looked at again once a row is locked: a request may have joined it meanwhile
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
