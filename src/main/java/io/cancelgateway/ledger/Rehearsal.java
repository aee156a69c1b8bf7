package io.cancelgateway.ledger;

import io.cancelgateway.ledger.GroupStatements.Acceptance;
import io.cancelgateway.ledger.GroupStatements.Opening;
import io.cancelgateway.tenant.TenantId;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.SmartInitializingSingleton;

/**
 * Writes a few cancellations and takes them back, before the first request comes: what runs for the first time takes
 * long, and a request does not wait long for its intent. Nobody else sees the rows.
 */
class Rehearsal implements SmartInitializingSingleton {

    private static final Logger log = LoggerFactory.getLogger(Rehearsal.class);

    /** The driver of PostgreSQL prepares a statement on the server once it has run 5 times. */
    private static final int TIMES = 10;

    private final Ledger ledger;
    private final ChangeWriter changes;
    private final GroupStatements groups;
    private final LedgerTransactions transactions;
    private final Clock clock;

    Rehearsal(
            Ledger ledger, ChangeWriter changes, GroupStatements groups, LedgerTransactions transactions, Clock clock) {
        this.ledger = ledger;
        this.changes = changes;
        this.groups = groups;
        this.transactions = transactions;
        this.clock = clock;
    }

    /** All beans are there, and no connection is accepted yet. */
    @Override
    public void afterSingletonsInstantiated() {
        try {
            for (int i = 0; i < TIMES; i++) {
                transactions.rehearse(this::writeAllKinds);
            }
        } catch (RuntimeException e) {
            log.warn("The ledger could not be tried before the first request, which may take longer now", e);
        }
    }

    private void writeAllKinds() {
        OpenedRequest first = openInGroup(intent());
        OpenedRequest second = ledger.open(intent());
        groups.write(List.of(), List.of(accepted(first)));
        changes.write(accepted(second).change());
        OpenedRequest third = ledger.openAgain(intent());
        groups.write(List.of(new Opening(intent(), false)), List.of(accepted(third)));
    }

    private OpenedRequest openInGroup(Intent intent) {
        OpenedRequest opened = groups.write(List.of(new Opening(intent, false)), List.of())
                .opened()
                .get(intent.request());
        if (opened == null) {
            throw new IllegalStateException("The cancellation of a new batch was not recorded");
        }
        return opened;
    }

    private Intent intent() {
        Instant now = clock.instant();
        UUID request = UUID.randomUUID();
        String batch = request.toString().replace("-", "").substring(0, 24);
        CancellationKey key = new CancellationKey(new TenantId("rehearsal"), batch);
        return new Intent(request, key, "rehearsal", "none", null, now, now, false, now);
    }

    private Acceptance accepted(OpenedRequest opened) {
        Change.RequestResult result = new Change.RequestResult(opened.request(), "accepted");
        Change change = new Change(
                opened.key(),
                opened.id(),
                opened.life(),
                new Change.Sent(1, false),
                result,
                new Change.Transition.Accept(BatchSnapshot.NONE),
                clock.instant());
        return new Acceptance(change, result, BatchSnapshot.NONE);
    }
}
