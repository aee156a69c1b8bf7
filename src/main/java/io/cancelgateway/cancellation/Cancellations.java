package io.cancelgateway.cancellation;

import com.github.kagkarlsson.scheduler.Scheduler;
import io.cancelgateway.caller.Caller;
import io.cancelgateway.ledger.AuditEntry;
import io.cancelgateway.ledger.Cancellation;
import io.cancelgateway.ledger.CancellationKey;
import io.cancelgateway.ledger.Intent;
import io.cancelgateway.ledger.OpenedRequest;
import io.cancelgateway.platform.AuditEvent;
import io.cancelgateway.platform.AuditEvent.Action;
import io.cancelgateway.platform.AuditEvent.Field;
import io.cancelgateway.platform.LimitedLog;
import io.cancelgateway.platform.Ticker;
import io.cancelgateway.problem.Problem;
import io.cancelgateway.problem.ProblemType;
import io.cancelgateway.problem.Problems;
import io.cancelgateway.tenant.Tenant;
import io.cancelgateway.tenant.TenantId;
import io.cancelgateway.twelvelabs.Answer;
import io.cancelgateway.twelvelabs.Batch;
import io.cancelgateway.twelvelabs.BatchId;
import io.cancelgateway.twelvelabs.CancelResult;
import io.cancelgateway.twelvelabs.Deadline;
import io.cancelgateway.twelvelabs.DoorRefusal;
import io.cancelgateway.twelvelabs.RefusalReason;
import io.cancelgateway.twelvelabs.TwelveLabs;
import io.cancelgateway.twelvelabs.VendorError;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.springframework.stereotype.Service;

/**
 * The central path: record the intent, send the cancel upstream, record the answer, return it. An asynchronous cancel
 * ends with the record: its follow-up task delivers it.
 */
@Service
class Cancellations {

    private static final Logger log = LoggerFactory.getLogger(Cancellations.class);

    private final RequestRecorder requests;
    private final RecordReader records;
    private final PollDelay pollDelay;
    private final Scheduler scheduler;
    private final BatchWaits waits;
    private final TwelveLabs twelveLabs;
    private final CancellationMetrics metrics;
    private final LimitedLog<RefusalKind> refusals;
    private final RequestTraces traces;
    private final Ticker ticker;
    private final Clock clock;

    Cancellations(
            RequestRecorder requests,
            RecordReader records,
            PollDelay pollDelay,
            Scheduler scheduler,
            BatchWaits waits,
            TwelveLabs twelveLabs,
            CancellationMetrics metrics,
            Ticker ticker,
            RequestTraces traces,
            Clock clock) {
        this.requests = requests;
        this.records = records;
        this.pollDelay = pollDelay;
        this.scheduler = scheduler;
        this.waits = waits;
        this.twelveLabs = twelveLabs;
        this.metrics = metrics;
        this.refusals = new LimitedLog<>(ticker);
        this.traces = traces;
        this.ticker = ticker;
        this.clock = clock;
    }

    /**
     * One request to cancel a batch.
     *
     * @param waitFor how long the caller waits for the end of the batch, once its cancel was accepted; zero or more
     * @param callerIsGone whether the caller has hung up; asked while it waits, by its own thread
     */
    record CancelRequest(
            Caller caller,
            Tenant tenant,
            BatchId batch,
            Optional<CancelReason> reason,
            Duration waitFor,
            BooleanSupplier callerIsGone) {}

    /** How a request to cancel was answered. */
    sealed interface Reply {

        /**
         * The cancel was forwarded, or refused at the door.
         *
         * @param sent how many cancels were sent for this request, 0 or more
         * @param recorded false if it was forwarded before its intent was recorded
         * @param waited whether the caller's wait was granted, to the end of the batch or in full
         */
        record Answered(Answer answer, int sent, boolean recorded, boolean waited) implements Reply {}

        /**
         * The cancel is recorded and will be delivered.
         *
         * @param record the record of its cancellation
         * @param requests the newest requests of the record, newest first
         * @param waited whether the caller's wait was granted in full
         */
        record Queued(Cancellation record, List<AuditEntry> requests, boolean waited) implements Reply {}
    }

    /**
     * Cancels the batch now. Any answer can come.
     *
     * @throws io.cancelgateway.problem.ProblemException {@code internal_error}
     */
    Reply.Answered cancel(CancelRequest request) {
        Deadline deadline = twelveLabs.startDeadline();
        return cancel(request, deadline, twelveLabs.refusal(request.tenant(), deadline), twelveLabs::cancel);
    }

    /** As {@link #cancel(CancelRequest)}, for one batch of a bulk request. It waits for its turn at a full bulkhead. */
    Reply.Answered cancelInBulk(CancelRequest request, Deadline deadline) {
        Optional<DoorRefusal> refusal = twelveLabs
                .refusal(request.tenant(), deadline)
                .filter(refused -> refused.reason() != RefusalReason.BULKHEAD);
        return cancel(request, deadline, refusal, twelveLabs::cancelInBulk);
    }

    /** What is refused at the door is logged by tenant and reason. */
    private record RefusalKind(TenantId tenant, RefusalReason reason) {}

    private interface Cancel {
        CancelResult send(Tenant tenant, BatchId batch, boolean unresolved, Deadline deadline);
    }

    private Reply.Answered cancel(
            CancelRequest request, Deadline deadline, Optional<DoorRefusal> refusal, Cancel cancel) {
        if (refusal.isPresent()) {
            return new Reply.Answered(refused(refusal.get(), request), 0, true, false);
        }
        return counted(
                request,
                () -> {
                    Recording recording = requests.begin(intent(request, deadline, false), deadline);
                    CancelResult result =
                            cancel.send(request.tenant(), request.batch(), recording.unresolved(), deadline);
                    requests.end(recording, result);
                    return waitForEnd(request, recording, result);
                },
                answered -> Outcome.of(answered.answer()));
    }

    /**
     * Accepts the cancel, to be delivered by its follow-up task. A caller that waits gets the batch if it ends in time.
     *
     * @throws io.cancelgateway.problem.ProblemException {@code ledger_unavailable} or {@code internal_error}
     */
    Reply enqueue(CancelRequest request) {
        Deadline deadline = twelveLabs.startDeadline();
        return counted(
                request,
                () -> waitForEnd(request, accept(request, deadline)),
                reply -> reply instanceof Reply.Answered ? Outcome.CONFIRMED : Outcome.QUEUED);
    }

    /** As {@link #enqueue}, for one batch of a bulk request, which shows no records. */
    void enqueueInBulk(CancelRequest request, Deadline deadline) {
        counted(request, () -> accept(request, deadline), _ -> Outcome.QUEUED);
    }

    private OpenedRequest accept(CancelRequest request, Deadline deadline) {
        OpenedRequest opened = requests.require(intent(request, deadline, true), deadline);
        try {
            scheduler.triggerCheckForDueExecutions();
        } catch (RejectedExecutionException e) {
            log.debug("The gateway stops; another replica delivers, or this one after its next start");
        }
        return opened;
    }

    /** Counts and logs a request under its outcome, whatever happens. */
    private <T> T counted(CancelRequest request, Supplier<T> work, Function<T, Outcome> outcomeOf) {
        @Nullable Instant receivedAt = null;
        long begun = ticker.nanos();
        Outcome outcome = Outcome.INTERNAL_ERROR;
        int sent = 0;
        @Nullable Boolean recorded = null;
        @Nullable String cause = null;
        try {
            receivedAt = clock.instant();
            T reply = work.get();
            outcome = outcomeOf.apply(reply);
            recorded = !(reply instanceof Reply.Answered) || ((Reply.Answered) reply).recorded();
            if (reply instanceof Reply.Answered answered) {
                sent = answered.sent();
                cause = cause(answered.answer());
                metrics.recordRejection(request.tenant().id(), answered.answer());
            }
            return reply;
        } catch (RuntimeException e) {
            Problem problem = Problems.of(e);
            outcome = Outcome.of(problem.type());
            cause = problem.code();
            if (problem.type() == ProblemType.LEDGER_UNAVAILABLE) {
                metrics.recordRejectionByLedger(request.tenant().id());
            }
            throw problem.toException();
        } finally {
            metrics.record(request.tenant().id(), outcome);
            boolean unrecorded = Boolean.FALSE.equals(recorded);
            event(unrecorded ? Level.WARN : Level.INFO, request, outcome, cause)
                    .with(Field.RECORDED, recorded)
                    .with(Field.RECEIVED_AT, receivedAt)
                    .with(Field.DURATION_MS, (ticker.nanos() - begun) / 1_000_000)
                    .with(Field.ATTEMPTS, sent)
                    .log(
                            unrecorded
                                    ? "Cancel of batch {} of tenant {} by {}, sent without a record: {}"
                                    : "Cancel of batch {} of tenant {} by {}: {}",
                            request.batch(),
                            request.tenant().id(),
                            request.caller().name(),
                            outcome.word());
        }
    }

    private static AuditEvent event(Level level, CancelRequest request, Outcome outcome, @Nullable String cause) {
        return AuditEvent.of(Action.CANCEL, level)
                .with(Field.BATCH_ID, request.batch().canonical())
                .with(Field.TENANT, request.tenant().id())
                .with(Field.CALLER, request.caller().name())
                .with(Field.REASON, request.reason().map(CancelReason::text).orElse(null))
                .with(Field.OUTCOME, outcome.word())
                .with(Field.CAUSE, cause);
    }

    /** Why the cancel was not accepted, in a word or a few; null where the outcome says it all. */
    private static @Nullable String cause(Answer answer) {
        return switch (answer) {
            case Answer.RateLimited(Duration _, RefusalReason reason) -> reason.word();
            case Answer.Unavailable(Duration _, RefusalReason reason) -> reason.word();
            case Answer.Failed(String why, Duration _) -> why;
            case Answer.AlreadyTerminal(VendorError error) -> error.code();
            default -> null;
        };
    }

    /** Nothing can be sent now, so nothing is recorded either: an outage must not cost the ledger a statement. */
    private Answer refused(DoorRefusal refusal, CancelRequest request) {
        Outcome outcome = Outcome.of(refusal.answer());
        metrics.record(request.tenant().id(), outcome);
        metrics.recordRejection(request.tenant().id(), refusal.answer());
        refusals.next(new RefusalKind(request.tenant().id(), refusal.reason()))
                .ifPresent(leftOut -> event(
                                Level.INFO, request, outcome, refusal.reason().word())
                        .with(Field.ATTEMPTS, 0)
                        .with(Field.LEFT_OUT, leftOut)
                        .log(
                                "Cancel of batch {} of tenant {} by {}: {}, refused at once, {};"
                                        + " {} like it before were not logged",
                                request.batch(),
                                request.tenant().id(),
                                request.caller().name(),
                                outcome.word(),
                                refusal.reason().word(),
                                leftOut));
        return refusal.answer();
    }

    private Reply.Answered waitForEnd(CancelRequest request, Recording recording, CancelResult result) {
        if (!(result.answer() instanceof Answer.Accepted(Batch accepted))
                || request.waitFor().isZero()) {
            return new Reply.Answered(result.answer(), result.sent(), recording.committed(), true);
        }
        Optional<Long> recorded = recording instanceof Recording.Committed(OpenedRequest opened)
                ? Optional.of(opened.request())
                : Optional.empty();
        BatchWaits.Waited waited = waits.await(
                key(request.tenant(), request.batch()), recorded, request.waitFor(), request.callerIsGone());
        Batch latest = Objects.requireNonNullElse(waited.latest(), accepted);
        return new Reply.Answered(
                waited.ended() ? new Answer.Found(latest) : new Answer.Accepted(latest),
                result.sent(),
                recording.committed(),
                !waited.cutShort());
    }

    private Reply waitForEnd(CancelRequest request, OpenedRequest opened) {
        CancellationKey key = key(request.tenant(), request.batch());
        boolean waited = true;
        if (!request.waitFor().isZero()) {
            BatchWaits.Waited ended =
                    waits.await(key, Optional.of(opened.request()), request.waitFor(), request.callerIsGone());
            if (ended.ended() && ended.latest() != null) {
                return new Reply.Answered(new Answer.Found(ended.latest()), 0, true, true);
            }
            waited = !ended.cutShort();
        }
        RecordReader.Record record = records.ofAccepted(opened, request, clock.instant());
        return new Reply.Queued(record.cancellation(), record.requests(), waited);
    }

    /** Retrieves the batch. Any answer but {@link Answer.Accepted} can come. The ledger is not involved. */
    Answer retrieve(Tenant tenant, BatchId batch) {
        return twelveLabs.retrieve(tenant, batch);
    }

    private Intent intent(CancelRequest request, Deadline deadline, boolean asynchronous) {
        Instant now = clock.instant();
        return new Intent(
                UUID.randomUUID(),
                key(request.tenant(), request.batch()),
                request.caller().name(),
                request.reason().map(CancelReason::text).orElse(null),
                traces.current(),
                now,
                asynchronous ? now : now.plus(deadline.left()),
                asynchronous,
                asynchronous ? now : now.plus(pollDelay.after(Duration.ZERO)));
    }

    /** The key of the batch's cancellation. Ids that differ only in case name one batch. */
    static CancellationKey key(Tenant tenant, BatchId batch) {
        return new CancellationKey(tenant.id(), batch.canonical());
    }
}
