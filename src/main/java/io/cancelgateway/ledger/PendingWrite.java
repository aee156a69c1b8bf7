package io.cancelgateway.ledger;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * A write that is on its way to the database. Nobody interrupts it: an interrupt would make H2 close its file. If
 * nobody waits for it any more, it goes on, and may still be committed. Safe for use by many threads.
 *
 * @param <T> what the write returns once it is committed
 */
public final class PendingWrite<T> {

    private final CompletableFuture<T> result = new CompletableFuture<>();

    private volatile boolean behindOthers;

    PendingWrite() {}

    /**
     * Waits for the commit.
     *
     * @return what the write returned
     * @throws LedgerTimeoutException if the wait is over, or this thread was interrupted; the write goes on
     * @throws RuntimeException what the write threw: nothing was committed, or the commit got no answer
     */
    public T await(Duration wait) {
        try {
            return result.get(wait.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new LedgerTimeoutException();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LedgerTimeoutException();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException failure -> throw failure;
                case Error failure -> throw failure;
                case null, default -> throw new IllegalStateException(e);
            }
        }
    }

    /** Calls one of the two, now or later, on the thread that ends the write. They must not block. */
    public void whenEnded(Consumer<? super T> committed, Consumer<Throwable> failed) {
        result.whenComplete((value, failure) -> {
            if (failure == null) {
                committed.accept(value);
            } else {
                failed.accept(failure);
            }
        });
    }

    /**
     * Whether the write waits for its turn behind other requests for the same record. This may take long with a healthy
     * database, so it says nothing about the database.
     */
    public boolean behindOthers() {
        return behindOthers;
    }

    void waitBehindOthers() {
        behindOthers = true;
    }

    void committed(T value) {
        result.complete(value);
    }

    void failed(Throwable failure) {
        result.completeExceptionally(failure);
    }
}
