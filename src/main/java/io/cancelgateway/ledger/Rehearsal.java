package io.cancelgateway.ledger;

import io.cancelgateway.ledger.GroupStatements.Acceptance;
import io.cancelgateway.ledger.GroupStatements.Opening;
import io.cancelgateway.ledger.GroupStatements.Written;
import io.cancelgateway.tenant.TenantId;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
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

    private static final Duration MAX_WAIT = Duration.ofSeconds(10);

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
        try (LedgerWriter writer = new LedgerWriter(ledger, changes, transactions, new TakenBack(), 1)) {
            for (int i = 0; i < TIMES; i++) {
                transactions.rehearse(this::runAllStatements);
                OpenedRequest opened = writer.open(intent()).await(MAX_WAIT);
                writer.write(accepted(opened).change()).await(MAX_WAIT); // finds nothing, in a group and by itself
            }
        } catch (RuntimeException e) {
            log.warn("The ledger could not be tried before the first request, which may take longer now", e);
        }
    }

    private Written runAllStatements() {
        Intent first = intent();
        OpenedRequest opened = Objects.requireNonNull(groups.write(List.of(new Opening(first, false)), List.of())
                .opened()
                .get(first.request()));
        groups.write(List.of(), List.of(accepted(opened)));
        changes.write(accepted(ledger.open(intent())).change());
        return groups.write(List.of(new Opening(intent(), false)), List.of(accepted(ledger.openAgain(intent()))));
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

    /** For a writer whose groups leave nothing behind. */
    private final class TakenBack implements GroupStatements {

        @Override
        public Written write(List<Opening> openings, List<Acceptance> acceptances) {
            return transactions.rehearse(() -> groups.write(openings, acceptances));
        }

        @Override
        public void limitLockWait() {
            groups.limitLockWait();
        }
    }
}
