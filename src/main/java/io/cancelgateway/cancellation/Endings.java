package io.cancelgateway.cancellation;

import io.cancelgateway.ledger.BatchSnapshot;
import io.cancelgateway.ledger.CancellationState;
import io.cancelgateway.ledger.FollowedCancellation;
import io.cancelgateway.ledger.Ledger;
import io.cancelgateway.ledger.LedgerMetrics;
import io.cancelgateway.twelvelabs.Batch;
import io.cancelgateway.twelvelabs.VendorError;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Brings cancellations to the end that their batch came to, and counts what they saved: once, whoever found it out. */
@Component
class Endings {

    private static final Logger log = LoggerFactory.getLogger(Endings.class);

    private final Ledger ledger;
    private final LedgerMetrics ledgerMetrics;
    private final CancellationMetrics metrics;

    Endings(Ledger ledger, LedgerMetrics ledgerMetrics, CancellationMetrics metrics) {
        this.ledger = ledger;
        this.ledgerMetrics = ledgerMetrics;
        this.metrics = metrics;
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

    /**
     * Writes the end down, in the caller's transaction. A batch that is canceled here is so through us.
     *
     * @return what to do once that is committed
     */
    Runnable finish(FollowedCancellation followed, CancellationState end, BatchSnapshot snapshot, Instant now) {
        if (!ledger.endWithBatch(followed.id(), followed.life(), end, snapshot, now)) {
            return () -> {};
        }
        if (end == CancellationState.CANCELED) {
            ledger.addToTotals(followed.key().tenant(), snapshot.counts());
        }
        return () -> count(followed, end, snapshot, now);
    }

    private void count(FollowedCancellation followed, CancellationState end, BatchSnapshot snapshot, Instant now) {
        log.info("Cancellation of {} ended: {}, {}", followed.key(), end.word(), snapshot.counts());
        if (end == CancellationState.CANCELED) {
            metrics.items(followed.key().tenant(), snapshot);
            ledgerMetrics.changed(followed.key().tenant());
        }
        if (followed.acceptedAt() != null && end != CancellationState.UNCONFIRMED) {
            metrics.confirmed(Duration.between(followed.acceptedAt(), now));
        }
    }
}
