package io.cancelgateway.ledger;

import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * A write that was handed to the {@link LedgerWriter}.
 *
 * @param <T> what it returns once it is committed
 */
abstract sealed class QueuedWrite<T> {

    private final Supplier<T> statements;
    private final PendingWrite<T> pending = new PendingWrite<>();

    /** Of whoever asked for the write: for the trace id in log lines. */
    private final @Nullable Map<String, String> logContext = MDC.getCopyOfContextMap();

    private QueuedWrite(Supplier<T> statements) {
        this.statements = statements;
    }

    /** An intent, first or again. If its cancellation has no record, both are the same. */
    static final class OfIntent extends QueuedWrite<OpenedRequest> {

        final Intent intent;

        OfIntent(Intent intent, Supplier<OpenedRequest> statements) {
            super(statements);
            this.intent = intent;
        }

        @Override
        CancellationKey key() {
            return intent.key();
        }
    }

    static final class OfChange extends QueuedWrite<Effect> {

        final Change change;

        OfChange(Change change, Supplier<Effect> statements) {
            super(statements);
            this.change = change;
        }

        @Override
        CancellationKey key() {
            return change.key();
        }

        /** Whether it may be the first acceptance of its cancellation, by a request. */
        boolean mayAccept() {
            return change.request() != null && change.transition() instanceof Change.Transition.Accept;
        }
    }

    /** The key of its cancellation. */
    abstract CancellationKey key();

    PendingWrite<T> pending() {
        return pending;
    }

    /** Writes it in a transaction of its own. */
    void writeAlone(LedgerTransactions transactions) {
        inLogContext(() -> pending.committed(transactions.run(statements)));
    }

    void committed(T value) {
        inLogContext(() -> pending.committed(value));
    }

    void failed(Throwable failure) {
        inLogContext(() -> pending.failed(failure));
    }

    private void inLogContext(Runnable work) {
        if (logContext == null) {
            work.run();
            return;
        }
        MDC.setContextMap(logContext);
        try {
            work.run();
        } finally {
            MDC.clear();
        }
    }
}
