package io.cancelgateway.cancellation;

import io.cancelgateway.cancellation.Cancellations.CancelRequest;
import io.cancelgateway.ledger.AuditEntry;
import io.cancelgateway.ledger.Cancellation;
import io.cancelgateway.ledger.CancellationState;
import io.cancelgateway.ledger.ItemCounts;
import io.cancelgateway.ledger.LedgerAvailability;
import io.cancelgateway.ledger.LedgerQueries;
import io.cancelgateway.ledger.LedgerTransactions;
import io.cancelgateway.ledger.OpenedRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Reads the record that an accepted request is answered with. The request is committed, so this never fails. */
@Component
class RecordReader {

    private static final Logger log = LoggerFactory.getLogger(RecordReader.class);

    private static final Duration MAX_WAIT = Duration.ofSeconds(2);

    private final LedgerQueries ledger;
    private final LedgerTransactions transactions;
    private final LedgerAvailability availability;

    RecordReader(LedgerQueries ledger, LedgerTransactions transactions, LedgerAvailability availability) {
        this.ledger = ledger;
        this.transactions = transactions;
        this.availability = availability;
    }

    /** @param requests the newest ones, newest first */
    record Record(Cancellation cancellation, List<AuditEntry> requests) {}

    /** The record of the request; if the ledger does not answer any more, what the request itself says. */
    Record ofAccepted(OpenedRequest opened, CancelRequest request, Instant now) {
        try {
            if (availability.available()) {
                return transactions
                        .begin(() -> ledger.find(opened.key())
                                .map(found -> new Record(found, ledger.requests(found.id(), AuditEntry.MOST_SHOWN))))
                        .await(MAX_WAIT)
                        .orElseGet(() -> ofRequest(opened, request, now));
            }
        } catch (RuntimeException e) {
            log.warn(
                    "The record of {} cannot be read; its caller gets what the request says: {}", opened, e.toString());
        }
        return ofRequest(opened, request, now);
    }

    private static Record ofRequest(OpenedRequest opened, CancelRequest request, Instant now) {
        String caller = request.caller().name();
        Optional<String> reason = request.reason().map(CancelReason::text);
        Cancellation cancellation = new Cancellation(
                opened.id(),
                opened.key(),
                CancellationState.REQUESTED,
                caller,
                reason.orElse(null),
                now,
                null,
                null,
                0,
                null,
                null,
                ItemCounts.UNKNOWN,
                ItemCounts.UNKNOWN);
        AuditEntry entry = new AuditEntry(caller, reason.orElse(null), now, Outcome.QUEUED.word(), null);
        return new Record(cancellation, List.of(entry));
    }
}
