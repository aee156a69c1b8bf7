package io.cancelgateway.ledger;

import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;
import org.springframework.stereotype.Component;

/** Writes intents and changes for callers who bound their wait for the commit. Safe for use by many threads. */
@Component
public class LedgerWriter {

    private final Ledger ledger;
    private final ChangeWriter changes;
    private final LedgerTransactions transactions;

    /** Its threads are not waited for at shutdown: one may hang in the database. */
    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("ledger-", 0).factory());

    LedgerWriter(Ledger ledger, ChangeWriter changes, LedgerTransactions transactions) {
        this.ledger = ledger;
        this.changes = changes;
        this.transactions = transactions;
    }

    /** Records a request, as {@link Ledger#open} does. Does not block. */
    public PendingWrite<OpenedRequest> open(Intent intent) {
        return write(() -> ledger.open(intent));
    }

    /** Records a request that may be recorded already, as {@link Ledger#openAgain} does. Does not block. */
    public PendingWrite<OpenedRequest> openAgain(Intent intent) {
        return write(() -> ledger.openAgain(intent));
    }

    /** Writes a change, as {@link ChangeWriter#write} does. Does not block. */
    public PendingWrite<Effect> write(Change change) {
        return write(() -> changes.write(change));
    }

    private <T> PendingWrite<T> write(Supplier<T> statements) {
        PendingWrite<T> write = new PendingWrite<>();
        // for the trace id in log lines; the whole context of a request would cost more than the thread
        @Nullable Map<String, String> logContext = MDC.getCopyOfContextMap();
        threads.execute(() -> {
            if (logContext != null) {
                MDC.setContextMap(logContext);
            }
            try {
                write.committed(transactions.run(statements));
            } catch (RuntimeException | Error e) {
                write.failed(e);
            }
        });
        return write;
    }
}
