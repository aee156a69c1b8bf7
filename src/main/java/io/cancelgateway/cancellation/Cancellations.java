package io.cancelgateway.cancellation;

import io.cancelgateway.caller.Caller;
import io.cancelgateway.ledger.CancellationKey;
import io.cancelgateway.ledger.Effect;
import io.cancelgateway.ledger.Intent;
import io.cancelgateway.ledger.LedgerTimeoutException;
import io.cancelgateway.ledger.LedgerWriter;
import io.cancelgateway.ledger.OpenedRequest;
import io.cancelgateway.ledger.PendingWrite;
import io.cancelgateway.problem.Problem;
import io.cancelgateway.problem.ProblemType;
import io.cancelgateway.problem.Problems;
import io.cancelgateway.tenant.Tenant;
import io.cancelgateway.twelvelabs.Answer;
import io.cancelgateway.twelvelabs.BatchId;
import io.cancelgateway.twelvelabs.CancelResult;
import io.cancelgateway.twelvelabs.Deadline;
import io.cancelgateway.twelvelabs.DoorRefusal;
import io.cancelgateway.twelvelabs.TwelveLabs;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.Tracer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Service;

/** The central path: record the intent, send the cancel upstream, record the answer, return it. */
@Service
class Cancellations {

    private static final Logger log = LoggerFactory.getLogger(Cancellations.class);

    /** How long an answer waits for the commit of its outcome, even if the deadline is reached by then. */
    private static final Duration MAX_WAIT_FOR_OUTCOME = Duration.ofMillis(300);

    private final LedgerWriter writer;
    private final PollDelay pollDelay;
    private final Lifecycle lifecycle;
    private final Recorder recorder;
    private final TwelveLabs twelveLabs;
    private final CancellationMetrics metrics;
    private final RefusalLog refusals;
    private final Tracer tracer;
    private final Clock clock;

    Cancellations(
            LedgerWriter writer,
            PollDelay pollDelay,
            Lifecycle lifecycle,
            Recorder recorder,
            TwelveLabs twelveLabs,
            CancellationMetrics metrics,
            RefusalLog refusals,
            Tracer tracer,
            Clock clock) {
        this.writer = writer;
        this.pollDelay = pollDelay;
        this.lifecycle = lifecycle;
        this.recorder = recorder;
        this.twelveLabs = twelveLabs;
        this.metrics = metrics;
        this.refusals = refusals;
        this.tracer = tracer;
        this.clock = clock;
    }

    /**
     * Cancels the batch. Any answer can come.
     *
     * @throws io.cancelgateway.problem.ProblemException {@code ledger_unavailable}; {@code deadline_exceeded} if the
     *     ledger did not record the request in time; or {@code internal_error}
     */
    Answer cancel(Caller caller, Tenant tenant, BatchId batch, Optional<CancelReason> reason) {
        Deadline deadline = twelveLabs.startDeadline();
        Optional<DoorRefusal> refusal = twelveLabs.refusal(tenant, deadline);
        if (refusal.isPresent()) {
            return refused(refusal.get(), caller, tenant, batch);
        }
        Outcome outcome = Outcome.INTERNAL_ERROR;
        try {
            OpenedRequest opened = open(intent(caller, tenant, batch, reason, deadline), deadline);
            CancelResult result = twelveLabs.cancel(tenant, batch, opened.unresolved(), deadline);
            outcome = Outcome.of(result.answer());
            record(opened, result);
            return result.answer();
        } catch (RuntimeException e) {
            Problem problem = Problems.of(e);
            outcome = Outcome.of(problem.type());
            throw problem.toException();
        } finally {
            metrics.record(tenant.id(), outcome);
            log.info("Cancel of batch {} of tenant {} by {}: {}", batch, tenant.id(), caller.name(), outcome.word());
        }
    }

    /** Nothing can be sent now, so nothing is recorded either: an outage must not cost the ledger a statement. */
    private Answer refused(DoorRefusal refusal, Caller caller, Tenant tenant, BatchId batch) {
        Outcome outcome = Outcome.of(refusal.answer());
        metrics.record(tenant.id(), outcome);
        refusals.next(tenant.id(), refusal.reason())
                .ifPresent(leftOut -> log.info(
                        "Cancel of batch {} of tenant {} by {}: {}, refused at once, {};"
                                + " {} like it before were not logged",
                        batch,
                        tenant.id(),
                        caller.name(),
                        outcome.word(),
                        refusal.reason().word(),
                        leftOut));
        return refusal.answer();
    }

    /** Retrieves the batch. Any answer but {@link Answer.Accepted} can come. The ledger is not involved. */
    Answer retrieve(Tenant tenant, BatchId batch) {
        return twelveLabs.retrieve(tenant, batch);
    }

    private Intent intent(
            Caller caller, Tenant tenant, BatchId batch, Optional<CancelReason> reason, Deadline deadline) {
        Instant now = clock.instant();
        return new Intent(
                UUID.randomUUID(),
                key(tenant, batch),
                caller.name(),
                reason.map(CancelReason::text).orElse(null),
                traceId(),
                now,
                now.plus(deadline.left()),
                false,
                now.plus(pollDelay.after(Duration.ZERO)));
    }

    /** The key of the batch's cancellation. Ids that differ only in case name one batch. */
    static CancellationKey key(Tenant tenant, BatchId batch) {
        return new CancellationKey(tenant.id(), batch.canonical());
    }

    private @Nullable String traceId() {
        Span span = tracer.currentSpan();
        return span == null ? null : span.context().traceId();
    }

    private OpenedRequest open(Intent intent, Deadline deadline) {
        PendingWrite<OpenedRequest> write = writer.open(intent);
        try {
            return write.await(deadline.left());
        } catch (LedgerTimeoutException e) {
            // the caller is told that nothing was sent: so it is written, and the follow-up goes
            write.whenEnded(late -> record(late, new CancelResult(new Answer.DeadlineExceeded(), 0, false)), _ -> {});
            throw Problem.of(
                            ProblemType.DEADLINE_EXCEEDED,
                            "The ledger did not record the request in time; nothing was sent upstream.")
                    .toException();
        }
    }

    /**
     * Records the result. If this fails, the caller gets the answer all the same, and the follow-up polls the batch.
     */
    private void record(OpenedRequest opened, CancelResult result) {
        PendingWrite<Effect> write = recorder.begin(lifecycle.answered(opened, result));
        write.whenEnded(
                _ -> {},
                e -> log.error("The result of {} could not be recorded; its follow-up will poll the batch", opened, e));
        try {
            write.await(MAX_WAIT_FOR_OUTCOME);
        } catch (LedgerTimeoutException e) {
            log.warn(
                    "The result of {} is not committed yet; the caller gets the answer now."
                            + " If the commit fails, the follow-up will poll the batch",
                    opened);
        } catch (RuntimeException e) {
            // logged above
        }
    }
}
