package io.cancelgateway.ledger;

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
        Intent intent = intent();
        OpenedRequest opened = groups.write(List.of(intent), List.of()).opened().get(intent.request());
        if (opened == null) {
            throw new IllegalStateException("A cancellation of a new batch was not recorded");
        }
        groups.write(List.of(), List.of(accepted(opened)));
        Intent alone = intent();
        changes.write(accepted(ledger.open(alone)));
        groups.write(List.of(intent()), List.of(accepted(ledger.openAgain(intent()))));
        ledger.open(alone);
    }

    private Intent intent() {
        Instant now = clock.instant();
        UUID request = UUID.randomUUID();
        String batch = request.toString().replace("-", "").substring(0, 24);
        CancellationKey key = new CancellationKey(new TenantId("rehearsal"), batch);
        return new Intent(request, key, "rehearsal", "none", null, now, now, false, now);
    }

    private Change accepted(OpenedRequest opened) {
        return new Change(
                opened.key(),
                opened.id(),
                opened.life(),
                new Change.Sent(1, false),
                new Change.RequestResult(opened.request(), "accepted"),
                new Change.Transition.Accept(BatchSnapshot.NONE),
                clock.instant());
    }
}
