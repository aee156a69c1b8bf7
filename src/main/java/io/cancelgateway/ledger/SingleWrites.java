package io.cancelgateway.ledger;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes that are committed each by itself, because they may wait for another's lock on their record. Those of one
 * record run one after the other: the others wait here, and hold no connection. Safe for use by many threads.
 */
class SingleWrites {

    private final LedgerTransactions transactions;
    private final Runnable limitLockWait;
    private final int maxAtOnce;
    private final Consumer<QueuedWrite<?>> ended;

    /** For each record that a write is running or ready for: those that wait behind it. Guarded by this. */
    private final Map<CancellationKey, Deque<QueuedWrite<?>>> behind = new HashMap<>();

    /** They wait for nothing but a thread, each for another record. Guarded by this. */
    private final Deque<QueuedWrite<?>> ready = new ArrayDeque<>();

    /** Guarded by this. */
    private int threads;

    /**
     * @param limitLockWait the first statement of each transaction
     * @param maxAtOnce how many run at once, hence how many connections they hold
     * @param ended is given each write once it has ended
     */
    SingleWrites(
            LedgerTransactions transactions, Runnable limitLockWait, int maxAtOnce, Consumer<QueuedWrite<?>> ended) {
        this.transactions = transactions;
        this.limitLockWait = limitLockWait;
        this.maxAtOnce = maxAtOnce;
        this.ended = ended;
    }

    synchronized void add(QueuedWrite<?> write) {
        write.pending().waitBehindOthers();
        if (addBehind(write)) {
            return;
        }
        behind.put(write.key(), new ArrayDeque<>());
        ready.add(write);
        if (threads < maxAtOnce) {
            threads++;
            Thread.ofVirtual().name("ledger-single").start(this::run);
        }
    }

    /** Adds a write if another one of its record is here: it must not overtake that one. */
    synchronized boolean addBehind(QueuedWrite<?> write) {
        @Nullable Deque<QueuedWrite<?>> others = behind.get(write.key());
        if (others == null) {
            return false;
        }
        write.pending().waitBehindOthers();
        others.add(write);
        return true;
    }

    private void run() {
        for (@Nullable QueuedWrite<?> write = take(); write != null; write = take()) {
            try {
                write.writeAlone(transactions, limitLockWait);
            } catch (RuntimeException | Error e) {
                write.failed(e);
                if (LedgerTransactions.isUnreachable(e)) {
                    failWaiting(e);
                }
            }
            leave(write);
            ended.accept(write);
        }
    }

    /** The next write, or null if none is ready. Then this thread ends. */
    private synchronized @Nullable QueuedWrite<?> take() {
        @Nullable QueuedWrite<?> write = ready.poll();
        if (write == null) {
            threads--;
        }
        return write;
    }

    private synchronized void leave(QueuedWrite<?> write) {
        Deque<QueuedWrite<?>> others = behind.getOrDefault(write.key(), new ArrayDeque<>());
        @Nullable QueuedWrite<?> next = others.poll();
        if (next == null) {
            behind.remove(write.key());
        } else {
            ready.add(next);
        }
    }

    /** Fails all that are not running: without a database each of them would take its time to find out. */
    private void failWaiting(Throwable failure) {
        List<QueuedWrite<?>> waiting;
        synchronized (this) {
            waiting = new ArrayList<>(ready);
            ready.forEach(write -> waiting.addAll(behind.remove(write.key())));
            ready.clear();
            behind.values().forEach(others -> {
                waiting.addAll(others);
                others.clear();
            });
        }
        waiting.forEach(write -> {
            write.failed(failure);
            ended.accept(write);
        });
    }
}
