package io.cancelgateway.cancellation;

import io.cancelgateway.caller.Caller;
import io.cancelgateway.ledger.CancellationKey;
import io.cancelgateway.ledger.CancellationState;
import io.cancelgateway.ledger.Intent;
import io.cancelgateway.ledger.Ledger;
import io.cancelgateway.ledger.LedgerTransactions;
import io.cancelgateway.ledger.Opened;
import io.cancelgateway.ledger.Pursuit;
import io.cancelgateway.ledger.Sighting;
import io.cancelgateway.tenant.Tenant;
import io.cancelgateway.twelvelabs.Answer;
import io.cancelgateway.twelvelabs.Batch;
import io.cancelgateway.twelvelabs.BatchId;
import io.cancelgateway.twelvelabs.Delivery;
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

    /** How long it may take to open a record, before the upstream's deadline begins. */
    private static final Duration OPENING = Duration.ofSeconds(2);

    private final Ledger ledger;
    private final LedgerTransactions transactions;
    private final FollowUpSchedule followUps;
    private final Endings endings;
    private final TwelveLabs twelveLabs;
    private final CancellationMetrics metrics;
    private final Tracer tracer;
    private final Clock clock;

    Cancellations(
            Ledger ledger,
            LedgerTransactions transactions,
            FollowUpSchedule followUps,
            Endings endings,
            TwelveLabs twelveLabs,
            CancellationMetrics metrics,
            Tracer tracer,
            Clock clock) {
        this.ledger = ledger;
        this.transactions = transactions;
        this.followUps = followUps;
        this.endings = endings;
        this.twelveLabs = twelveLabs;
        this.metrics = metrics;
        this.tracer = tracer;
        this.clock = clock;
    }

    Answer cancel(Caller caller, Tenant tenant, BatchId batch, Optional<CancelReason> reason) {
        Opened opened = open(intent(caller, tenant, batch, reason));
        Delivery delivery = twelveLabs.cancel(tenant, batch, opened.unresolved());
        Outcome outcome = Outcome.of(delivery.answer());
        metrics.record(tenant.id(), outcome);
        log.info("Cancel of batch {} of tenant {} by {}: {}", batch, tenant.id(), caller.name(), outcome.word());
        record(tenant, opened, delivery, outcome);
        return delivery.answer();
    }

    Answer retrieve(Tenant tenant, BatchId batch) {
        return twelveLabs.retrieve(tenant, batch);
    }

    private Intent intent(Caller caller, Tenant tenant, BatchId batch, Optional<CancelReason> reason) {
        Instant now = clock.instant();
        return new Intent(
                key(tenant, batch),
                caller.name(),
                reason.map(CancelReason::text).orElse(null),
                traceId(),
                now,
                now.plus(twelveLabs.deadline()).plus(OPENING));
    }

    /** One batch whatever the case of its id. */
    static CancellationKey key(Tenant tenant, BatchId batch) {
        return new CancellationKey(tenant.id(), batch.value().toLowerCase(Locale.ROOT));
    }

    private @Nullable String traceId() {
        Span span = tracer.currentSpan();
        return span == null ? null : span.context().traceId();
    }

    private Opened open(Intent intent) {
        return transactions.run(() -> {
            Opened opened = ledger.open(intent);
            if (opened.started()) {
                followUps.add(opened);
            }
            return opened;
        });
    }

    /** What came back is the caller's whether it could be written down or not: the follow-up finds it out again. */
    private void record(Tenant tenant, Opened opened, Delivery delivery, Outcome outcome) {
        try {
            switch (delivery.answer()) {
                case Answer.Accepted(Batch batch) -> accepted(tenant, opened, delivery, outcome, Sightings.of(batch));
                case Answer.Found(Batch batch) -> found(opened, delivery, outcome, batch);
                case Answer.NotFound _ -> ended(opened, delivery, outcome, CancellationState.NOT_FOUND);
                case Answer.KeyRejected() -> ended(opened, delivery, outcome, CancellationState.REJECTED);
                case Answer.AlreadyTerminal(VendorError error) -> ended(opened, delivery, outcome, Endings.of(error));
                case Answer.Invalid _,
                        Answer.RateLimited _,
                        Answer.Failed _,
                        Answer.Unavailable _,
                        Answer.DeadlineExceeded _ -> ended(opened, delivery, outcome, CancellationState.FAILED);
            }
        } catch (RuntimeException e) {
            log.error("The outcome of cancellation {} is not written down; its follow-up will find it out", opened, e);
        }
    }

    private void accepted(Tenant tenant, Opened opened, Delivery delivery, Outcome outcome, Sighting sighting) {
        Instant now = clock.instant();
        boolean first = transactions.run(() -> {
            boolean won = ledger.accept(opened.id(), delivery.sent(), sighting, now);
            if (!won) {
                ledger.attempted(opened.id(), delivery.sent(), delivery.ambiguous(), now);
            }
            ledger.answered(opened.request(), outcome.word());
            return won;
        });
        @Nullable Integer canceled = sighting.counts().canceled();
        if (first && canceled != null) {
            metrics.acceptedCanceledItems(tenant.id(), canceled);
        }
    }

    /** It is canceled already: through us, if one of our attempts went without an answer; else by someone else. */
    private void found(Opened opened, Delivery delivery, Outcome outcome, Batch batch) {
        Instant now = clock.instant();
        Optional<CancellationState> end = Endings.of(batch);
        transactions
                .run(() -> {
                    ledger.attempted(opened.id(), delivery.sent(), delivery.ambiguous(), now);
                    ledger.answered(opened.request(), outcome.word());
                    Optional<Pursuit> pursuit = ledger.pursuit(opened.id(), opened.life());
                    if (end.isEmpty() || pursuit.isEmpty()) {
                        return NOTHING;
                    }
                    if (pursuit.get().ambiguous() || pursuit.get().state() == CancellationState.CANCELING) {
                        return endings.finish(pursuit.get(), end.get(), Sightings.of(batch), now);
                    }
                    // one that is under way may find that it was through us, or the follow-up may
                    ledger.end(opened.id(), end.get(), now);
                    return NOTHING;
                })
                .run();
    }

    private void ended(Opened opened, Delivery delivery, Outcome outcome, CancellationState end) {
        Instant now = clock.instant();
        transactions.run(() -> {
            ledger.attempted(opened.id(), delivery.sent(), delivery.ambiguous(), now);
            ledger.answered(opened.request(), outcome.word());
            return ledger.end(opened.id(), end, now);
        });
    }
}
