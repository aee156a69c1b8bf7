package io.cancelgateway.cancellation;

import io.cancelgateway.ledger.BatchSnapshot;
import io.cancelgateway.ledger.CancellationKey;
import io.cancelgateway.ledger.CancellationState;
import io.cancelgateway.ledger.Change;
import io.cancelgateway.ledger.ChangeWriter;
import io.cancelgateway.ledger.Effect;
import io.cancelgateway.ledger.FollowedCancellation;
import io.cancelgateway.ledger.Ledger;
import io.cancelgateway.ledger.LedgerMetrics;
import io.cancelgateway.ledger.LedgerTransactions;
import io.cancelgateway.ledger.LedgerWriter;
import io.cancelgateway.ledger.PendingWrite;
import io.cancelgateway.platform.AuditEvent;
import io.cancelgateway.platform.AuditEvent.Action;
import io.cancelgateway.platform.AuditEvent.Field;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.springframework.stereotype.Component;

/** Commits changes, then counts their effects. Each effect is counted once, over all requests and polls. */
@Component
class Recorder {

    private static final Logger log = LoggerFactory.getLogger(Recorder.class);

    private static final Duration MAX_WAIT = Duration.ofMillis(300);

    private final LedgerWriter writer;
    private final LedgerTransactions transactions;
    private final ChangeWriter changes;
    private final Ledger ledger;
    private final LedgerMetrics ledgerMetrics;
    private final CancellationMetrics metrics;

    Recorder(
            LedgerWriter writer,
            LedgerTransactions transactions,
            ChangeWriter changes,
            Ledger ledger,
            LedgerMetrics ledgerMetrics,
            CancellationMetrics metrics) {
        this.writer = writer;
        this.transactions = transactions;
        this.changes = changes;
        this.ledger = ledger;
        this.ledgerMetrics = ledgerMetrics;
        this.metrics = metrics;
    }

    /** Begins to write a change. Its effect is counted once it is committed, whoever waits for that. */
    PendingWrite<Effect> begin(Change change) {
        PendingWrite<Effect> write = writer.write(change);
        write.whenEnded(this::count, _ -> {});
        return write;
    }

    /**
     * Commits a change, then counts its effect.
     *
     * @throws org.springframework.dao.DataAccessException if the database fails; nothing is counted
     */
    Effect record(Change change) {
        Effect effect = transactions.run(() -> changes.write(change));
        count(effect);
        return effect;
    }

    /**
     * Records the end of a batch that a caller waited for, if the record is not at its end. Waits 300 ms at most for
     * the commit, so that the caller reads it in the record right after its answer.
     *
     * @param requests the ids of the requests that waited, and will be answered with that end
     * @param change the change for the record as it is now; empty if there is none
     */
    void recordEnd(
            CancellationKey key, Collection<Long> requests, Function<FollowedCancellation, Optional<Change>> change) {
        PendingWrite<Effect> write = transactions.begin(() -> {
            Effect effect = ledger.followed(key)
                    .filter(followed -> !followed.state().terminal())
                    .flatMap(change)
                    .map(changes::write)
                    .orElseGet(Effect.None::new);
            ledger.confirmed(requests, Outcome.CONFIRMED.word());
            return effect;
        });
        write.whenEnded(this::count, e -> log.info("The end of {} is left to its follow-up: {}", key, e.toString()));
        try {
            write.await(MAX_WAIT);
        } catch (RuntimeException e) {
            log.debug("Not recorded in time: {}", e.toString());
        }
    }

    private void count(Effect effect) {
        switch (effect) {
            case Effect.None() -> {}
            case Effect.FirstAccepted accepted -> {
                @Nullable Integer canceled = accepted.snapshot().counts().canceled();
                if (canceled != null) {
                    metrics.acceptedCanceledItems(accepted.key().tenant(), canceled);
                }
            }
            case Effect.Ended ended -> {
                event(ended.key(), ended.state())
                        .log(
                                "Cancellation of {} ended: {}",
                                ended.key(),
                                ended.state().word());
                metrics.ended(ended.key().tenant(), ended.state());
            }
            case Effect.EndedWithBatch ended -> count(ended);
        }
    }

    private static AuditEvent event(CancellationKey key, CancellationState state) {
        return AuditEvent.of(Action.END, Level.INFO)
                .with(Field.BATCH_ID, key.batchId())
                .with(Field.TENANT, key.tenant())
                .with(Field.STATE, state.word());
    }

    private void count(Effect.EndedWithBatch ended) {
        BatchSnapshot snapshot = ended.snapshot();
        event(ended.key(), ended.state())
                .with(Field.CANCELED_ITEMS, snapshot.counts().canceled())
                .log(
                        "Cancellation of {} ended: {}, {}",
                        ended.key(),
                        ended.state().word(),
                        snapshot.counts());
        metrics.ended(ended.key().tenant(), ended.state());
        if (ended.state() == CancellationState.CANCELED) {
            metrics.items(ended.key().tenant(), snapshot);
            ledgerMetrics.changed(ended.key().tenant());
        }
        if (ended.sinceAcceptance() != null && ended.state() != CancellationState.UNCONFIRMED) {
            metrics.confirmed(ended.sinceAcceptance());
        }
    }
}
