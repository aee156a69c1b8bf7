package io.cancelgateway.cancellation;

import io.cancelgateway.ledger.CancellationState;
import io.cancelgateway.ledger.Ledger;
import io.cancelgateway.ledger.LedgerMetrics;
import io.cancelgateway.ledger.LedgerTransactions;
import io.cancelgateway.ledger.Pursuit;
import io.cancelgateway.ledger.Sighting;
import io.cancelgateway.twelvelabs.Batch;
import io.cancelgateway.twelvelabs.VendorError;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Brings cancellations to their end, and counts what they saved: once, whoever found it out. */
@Component
class Endings {

    private static final Logger log = LoggerFactory.getLogger(Endings.class);

    private final Ledger ledger;
    private final LedgerTransactions transactions;
    private final LedgerMetrics ledgerMetrics;
    private final CancellationMetrics metrics;
    private final Clock clock;

    Endings(
            Ledger ledger,
            LedgerTransactions transactions,
            LedgerMetrics ledgerMetrics,
            CancellationMetrics metrics,
            Clock clock) {
        this.ledger = ledger;
        this.transactions = transactions;
        this.ledgerMetrics = ledgerMetrics;
        this.metrics = metrics;
        this.clock = clock;
    }

    /** How a batch in this status ends its cancellation; empty where it is not at its end. */
    static Optional<CancellationState> of(Batch batch) {
        return switch (batch.status()) {
            case "canceled" -> Optional.of(CancellationState.CANCELED);
            case "completed" -> Optional.of(CancellationState.COMPLETED);
            case "expired" -> Optional.of(CancellationState.EXPIRED);
            default -> Optional.empty();
        };
    }

    /** How a cancellation ends that came too late; one that the upstream does not explain had no effect. */
    static CancellationState of(VendorError tooLate) {
        return switch (tooLate.code()) {
            // by someone else: an earlier cancel of ours would be known, or under suspicion
            case VendorError.BATCH_CANCELED -> CancellationState.CANCELED;
            case VendorError.BATCH_COMPLETED -> CancellationState.COMPLETED;
            case VendorError.BATCH_EXPIRED -> CancellationState.EXPIRED;
            default -> CancellationState.FAILED;
        };
    }

    /** The batch came to its end, or its end will not be known. A batch that is canceled here is so through us. */
    void finish(Pursuit pursuit, CancellationState end, Sighting sighting) {
        Instant now = clock.instant();
        boolean won = transactions.run(() -> {
            boolean ended = ledger.finish(pursuit.id(), pursuit.life(), end, sighting, now);
            if (ended && end == CancellationState.CANCELED) {
                ledger.addToTotals(pursuit.key().tenant(), sighting.counts());
            }
            return ended;
        });
        if (!won) {
            return;
        }
        log.info("Cancellation of {} ended: {}, {}", pursuit.key(), end.word(), sighting.counts());
        if (end == CancellationState.CANCELED) {
            metrics.items(pursuit.key().tenant(), sighting);
            ledgerMetrics.read();
        }
        if (pursuit.acceptedAt() != null && end != CancellationState.UNCONFIRMED) {
            metrics.confirmed(Duration.between(pursuit.acceptedAt(), now));
        }
    }

    /** The upstream took the cancel after all. */
    void adopt(Pursuit pursuit, Sighting sighting) {
        transactions.run(() -> ledger.accept(pursuit.id(), 0, sighting, clock.instant()));
    }

    /** The cancel has not taken effect; false where a new request may know better. */
    boolean settle(Pursuit pursuit, CancellationState end) {
        boolean won = transactions.run(() -> ledger.settle(pursuit.id(), pursuit.life(), end, clock.instant()));
        if (won) {
            log.info("Cancellation of {} ended: {}", pursuit.key(), end.word());
        }
        return won;
    }
}
