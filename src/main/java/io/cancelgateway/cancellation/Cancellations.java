package io.cancelgateway.cancellation;

import io.cancelgateway.caller.Caller;
import io.cancelgateway.ledger.BatchSnapshot;
import io.cancelgateway.ledger.CancellationKey;
import io.cancelgateway.ledger.CancellationState;
import io.cancelgateway.ledger.FollowedCancellation;
import io.cancelgateway.ledger.Intent;
import io.cancelgateway.ledger.Ledger;
import io.cancelgateway.ledger.LedgerTimeoutException;
import io.cancelgateway.ledger.LedgerTransactions;
import io.cancelgateway.ledger.OpenedRequest;
import io.cancelgateway.problem.Problem;
import io.cancelgateway.problem.ProblemType;
import io.cancelgateway.problem.Problems;
import io.cancelgateway.tenant.Tenant;
import io.cancelgateway.twelvelabs.Answer;
import io.cancelgateway.twelvelabs.Batch;
import io.cancelgateway.twelvelabs.BatchId;
import io.cancelgateway.twelvelabs.CancelResult;
import io.cancelgateway.twelvelabs.Deadline;
import io.cancelgateway.twelvelabs.DoorRefusal;
import io.cancelgateway.twelvelabs.TwelveLabs;
import io.cancelgateway.twelvelabs.VendorError;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.Tracer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Service;

/** The central path: write the intent down, ask the upstream, write down what came back, return it. */
@Service
class Cancellations {

    private static final Logger log = LoggerFactory.getLogger(Cancellations.class);

    private static final Runnable NOTHING = () -> {};

    /** How long an answer waits for its outcome to be written down; the deadline may have been reached by then. */
    private static final Duration MAX_WAIT_FOR_OUTCOME = Duration.ofMillis(300);

    private final Ledger ledger;
    private final LedgerTransactions transactions;
    private final FollowUpSchedule followUps;
    private final Endings endings;
    private final TwelveLabs twelveLabs;
    private final CancellationMetrics metrics;
    private final RefusalLog refusals;
    private final Tracer tracer;
    private final Clock clock;

    Cancellations(
            Ledger ledger,
            LedgerTransactions transactions,
            FollowUpSchedule followUps,
            Endings endings,
            TwelveLabs twelveLabs,
            CancellationMetrics metrics,
            RefusalLog refusals,
            Tracer tracer,
            Clock clock) {
        this.ledger = ledger;
        this.transactions = transactions;
        this.followUps = followUps;
        this.endings = endings;
        this.twelveLabs = twelveLabs;
        this.metrics = metrics;
        this.refusals = refusals;
        this.tracer = tracer;
        this.clock = clock;
    }

    /**
     * Cancels the batch.
     *
     * @throws io.cancelgateway.problem.ProblemException {@code ledger_unavailable}, {@code deadline_exceeded} where the
     *     ledger took all of the time, or {@code internal_error}
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
            record(tenant, opened, result, outcome);
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

    /** Nothing can be sent now, so nothing is written down either: an outage must not cost the ledger a statement. */
    private Answer refused(DoorRefusal refusal, Caller caller, Tenant tenant, BatchId batch) {
        Outcome outcome = Outcome.of(refusal.answer());
        metrics.record(tenant.id(), outcome);
        refusals.next(tenant.id(), refusal.reason())
                .ifPresent(leftOut -> log.info(
                        "Cancel of batch {} of tenant {} by {}: {}, refused at once, {}; {} like it before were not logged",
                        batch,
                        tenant.id(),
                        caller.name(),
                        outcome.word(),
                        refusal.reason().word(),
                        leftOut));
        return refusal.answer();
    }

    Answer retrieve(Tenant tenant, BatchId batch) {
        return twelveLabs.retrieve(tenant, batch);
    }

    private Intent intent(
            Caller caller, Tenant tenant, BatchId batch, Optional<CancelReason> reason, Deadline deadline) {
        Instant now = clock.instant();
        return new Intent(
                key(tenant, batch),
                caller.name(),
                reason.map(CancelReason::text).orElse(null),
                traceId(),
                now,
                now.plus(deadline.left()));
    }

    /** One batch whatever the case of its id. */
    static CancellationKey key(Tenant tenant, BatchId batch) {
        return new CancellationKey(tenant.id(), batch.value().toLowerCase(Locale.ROOT));
    }

    private @Nullable String traceId() {
        Span span = tracer.currentSpan();
        return span == null ? null : span.context().traceId();
    }

    private OpenedRequest open(Intent intent, Deadline deadline) {
        try {
            return transactions.within(
                    deadline.left(),
                    () -> transactions.run(() -> {
                        OpenedRequest opened = ledger.open(intent);
                        if (opened.started()) {
                            followUps.add(opened);
                        }
                        return opened;
                    }));
        } catch (LedgerTimeoutException e) {
            throw Problem.of(
                            ProblemType.DEADLINE_EXCEEDED,
                            "The ledger did not take the request in time; nothing was sent upstream.")
                    .toException();
        }
    }

    /** What came back is the caller's whether it could be written down or not: the follow-up finds it out again. */
    private void record(Tenant tenant, OpenedRequest opened, CancelResult result, Outcome outcome) {
        try {
            transactions.within(MAX_WAIT_FOR_OUTCOME, () -> {
                write(tenant, opened, result, outcome);
                return opened;
            });
        } catch (LedgerTimeoutException e) {
            log.warn(
                    "The outcome of cancellation {} is not written down yet; the answer goes out, its follow-up will find"
                            + " out",
                    opened);
        }
    }

    private void write(Tenant tenant, OpenedRequest opened, CancelResult result, Outcome outcome) {
        try {
            switch (result.answer()) {
                case Answer.Accepted(Batch batch) ->
                    accepted(tenant, opened, result, outcome, BatchSnapshots.of(batch));
                case Answer.Found(Batch batch) -> found(opened, result, outcome, batch);
                case Answer.NotFound _ -> ended(opened, result, outcome, CancellationState.NOT_FOUND);
                case Answer.KeyRejected() -> ended(opened, result, outcome, CancellationState.REJECTED);
                case Answer.AlreadyTerminal(VendorError error) -> ended(opened, result, outcome, Endings.of(error));
                case Answer.Invalid _,
                        Answer.RateLimited _,
                        Answer.Failed _,
                        Answer.Unavailable _,
                        Answer.DeadlineExceeded _ -> ended(opened, result, outcome, CancellationState.FAILED);
            }
        } catch (RuntimeException e) {
            log.error("The outcome of cancellation {} is not written down; its follow-up will find it out", opened, e);
        }
    }

    private void accepted(
            Tenant tenant, OpenedRequest opened, CancelResult result, Outcome outcome, BatchSnapshot snapshot) {
        Instant now = clock.instant();
        boolean first = transactions.run(() -> {
            boolean won = ledger.accept(opened.id(), result.sent(), snapshot, now);
            if (!won) {
                ledger.attempted(opened.id(), result.sent(), result.ambiguous(), now);
            }
            ledger.answered(opened.request(), outcome.word());
            return won;
        });
        @Nullable Integer canceled = snapshot.counts().canceled();
        if (first && canceled != null) {
            metrics.acceptedCanceledItems(tenant.id(), canceled);
        }
    }

    /** It is canceled already: through us, if one of our attempts went without an answer; else by someone else. */
    private void found(OpenedRequest opened, CancelResult result, Outcome outcome, Batch batch) {
        Instant now = clock.instant();
        Optional<CancellationState> end = Endings.of(batch);
        transactions
                .run(() -> {
                    ledger.attempted(opened.id(), result.sent(), result.ambiguous(), now);
                    ledger.answered(opened.request(), outcome.word());
                    Optional<FollowedCancellation> followed = ledger.followed(opened.id(), opened.life());
                    if (end.isEmpty() || followed.isEmpty()) {
                        return NOTHING;
                    }
                    if (followed.get().ambiguous() || followed.get().state() == CancellationState.CANCELING) {
                        Runnable count = endings.finish(followed.get(), end.get(), BatchSnapshots.of(batch), now);
                        followUps.remove(opened);
                        return count;
                    }
                    // one that is under way may find that it was through us, or the follow-up may
                    if (ledger.endIfNothingUnresolved(opened.id(), end.get(), now)) {
                        followUps.remove(opened);
                    }
                    return NOTHING;
                })
                .run();
    }

    private void ended(OpenedRequest opened, CancelResult result, Outcome outcome, CancellationState end) {
        Instant now = clock.instant();
        transactions.run(() -> {
            ledger.attempted(opened.id(), result.sent(), result.ambiguous(), now);
            ledger.answered(opened.request(), outcome.word());
            boolean won = ledger.endIfNothingUnresolved(opened.id(), end, now);
            if (won) {
                followUps.remove(opened);
            }
            return won;
        });
    }
}
