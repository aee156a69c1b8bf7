package io.cancelgateway.ledger;

import org.springframework.stereotype.Component;

/** Writes intents and changes for callers who bound their wait for the commit. Safe for use by many threads. */
@Component
public class LedgerWriter {

    private final Ledger ledger;
    private final ChangeWriter changes;
    private final LedgerTransactions transactions;

    LedgerWriter(Ledger ledger, ChangeWriter changes, LedgerTransactions transactions) {
        this.ledger = ledger;
        this.changes = changes;
        this.transactions = transactions;
    }

    /** Records a request, as {@link Ledger#open} does. Does not block. */
    public PendingWrite<OpenedRequest> open(Intent intent) {
        return transactions.begin(() -> ledger.open(intent));
    }

    /** Records a request that may be recorded already, as {@link Ledger#openAgain} does. Does not block. */
    public PendingWrite<OpenedRequest> openAgain(Intent intent) {
        return transactions.begin(() -> ledger.openAgain(intent));
    }

    /** Writes a change, as {@link ChangeWriter#write} does. Does not block. */
    public PendingWrite<Effect> write(Change change) {
        return transactions.begin(() -> changes.write(change));
    }
}
