package io.cancelgateway.ledger;

import io.cancelgateway.ledger.GroupStatements.Acceptance;
import io.cancelgateway.ledger.GroupStatements.Opening;
import io.cancelgateway.ledger.GroupStatements.Written;
import java.util.List;
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

    static final class OfIntent extends QueuedWrite<OpenedRequest> {

        private final Opening opening;

        OfIntent(Opening opening, Supplier<OpenedRequest> statements) {
            super(statements);
            this.opening = opening;
        }

        @Override
        CancellationKey key() {
            return opening.intent().key();
        }

        @Override
        boolean mayBeGrouped() {
            return true;
        }

        @Override
        void addTo(List<Opening> openings, List<Acceptance> acceptances) {
            openings.add(opening);
        }

        @Override
        @Nullable
        OpenedRequest result(Written written) {
            return written.opened().get(opening.intent().request());
        }
    }

    static final class OfChange extends QueuedWrite<Effect> {

        private final Change change;
        private final @Nullable Acceptance acceptance;

        OfChange(Change change, Supplier<Effect> statements) {
            super(statements);
            this.change = change;
            this.acceptance = Acceptance.of(change);
        }

        @Override
        CancellationKey key() {
            return change.key();
        }

        @Override
        boolean mayBeGrouped() {
            return acceptance != null;
        }

        @Override
        void addTo(List<Opening> openings, List<Acceptance> acceptances) {
            if (acceptance != null) {
                acceptances.add(acceptance);
            }
        }

        @Override
        @Nullable
        Effect result(Written written) {
            if (acceptance == null) {
                return null;
            }
            @Nullable Boolean first = written.accepted().get(acceptance.result().id());
            if (first == null) {
                return null;
            }
            return first ? new Effect.FirstAccepted(change.key(), acceptance.snapshot()) : new Effect.None();
        }
    }

    /** The key of its cancellation. */
    abstract CancellationKey key();

    /** Whether a group has statements for it. */
    abstract boolean mayBeGrouped();

    abstract void addTo(List<Opening> openings, List<Acceptance> acceptances);

    /** What it returns, or null if the group left it out. */
    abstract @Nullable T result(Written written);

    /**
     * Ends it, if the group has written it.
     *
     * @return whether it has
     */
    boolean end(Written written) {
        @Nullable T result = result(written);
        if (result != null) {
            inLogContext(() -> pending.committed(result));
        }
        return result != null;
    }

    PendingWrite<T> pending() {
        return pending;
    }

    /** Writes it in a transaction of its own. */
    void writeAlone(LedgerTransactions transactions, Runnable first) {
        inLogContext(() -> pending.committed(transactions.run(() -> {
            first.run();
            return statements.get();
        })));
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
