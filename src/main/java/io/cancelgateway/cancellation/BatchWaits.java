package io.cancelgateway.cancellation;

import io.cancelgateway.ledger.CancellationKey;
import io.cancelgateway.tenant.Tenant;
import io.cancelgateway.tenant.TenantId;
import io.cancelgateway.twelvelabs.Answer;
import io.cancelgateway.twelvelabs.Batch;
import io.cancelgateway.twelvelabs.BatchId;
import io.cancelgateway.twelvelabs.TwelveLabs;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/**
 * Lets callers wait until their batches have ended. However many wait for one batch, one thread polls it: every 2 s at
 * first, growing to 5 s. A caller that waits holds nothing but its own virtual thread. A poll that fails is not an
 * error: the next one follows. Safe for use by many threads.
 */
class BatchWaits implements SmartLifecycle {

    private static final Logger log = LoggerFactory.getLogger(BatchWaits.class);

    /** How often a waiting caller's connection is looked at. */
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(1);

    private static final Duration FIRST_DELAY = Duration.ofSeconds(2);
    private static final Duration LONGEST_DELAY = Duration.ofSeconds(5);

    private final TwelveLabs twelveLabs;
    private final Function<TenantId, Optional<Tenant>> tenants;
    private final RequestTraces traces;
    private final End recordEnd;
    private final Map<CancellationKey, Watch> watches = new ConcurrentHashMap<>();

    private volatile boolean running;
    private volatile boolean stopping;

    /** What is done when a poll shows the end of a batch. */
    interface End {

        /**
         * Records it; may take a moment.
         *
         * @param requests the ids of the requests that wait for it, as far as they are recorded
         */
        void record(CancellationKey key, Collection<Long> requests, Answer answer);
    }

    BatchWaits(
            TwelveLabs twelveLabs, Function<TenantId, Optional<Tenant>> tenants, RequestTraces traces, End recordEnd) {
        this.twelveLabs = twelveLabs;
        this.tenants = tenants;
        this.traces = traces;
        this.recordEnd = recordEnd;
    }

    /**
     * How a wait ended.
     *
     * @param latest the batch as the latest poll showed it; null if none did
     * @param ended whether that is its end
     * @param cutShort whether the gateway stopped, the caller hung up, or the thread was interrupted, before the time
     *     was over
     */
    record Waited(@Nullable Batch latest, boolean ended, boolean cutShort) {}

    /**
     * Waits until the batch has ended, {@code wait} is over, the gateway stops, or the caller has hung up, which is
     * noticed within a second or two.
     *
     * @param request the id of the request that waits, or empty if it is not recorded
     * @param callerIsGone asked every second, by the thread that calls this
     */
    Waited await(CancellationKey key, Optional<Long> request, Duration wait, BooleanSupplier callerIsGone) {
        Watch watch = join(key);
        request.ifPresent(watch.requests::add);
        try {
            for (Duration left = wait; left.isPositive(); left = left.minus(BETWEEN_LOOKS)) {
                if (watch.isOverWithin(left.compareTo(BETWEEN_LOOKS) < 0 ? left : BETWEEN_LOOKS)) {
                    // without an end the gateway stops, or this thread was interrupted
                    @Nullable Batch end = watch.over.getNow(null);
                    return end == null ? new Waited(watch.latest, false, true) : new Waited(end, true, false);
                }
                if (callerIsGone.getAsBoolean()) {
                    return new Waited(watch.latest, false, true);
                }
            }
            return new Waited(watch.latest, false, false);
        } finally {
            request.ifPresent(watch.requests::remove);
            leave(key, watch);
        }
    }

    /** Whether callers wait for this batch, so that it is polled here. */
    boolean isWatched(CancellationKey key) {
        return watches.containsKey(key);
    }

    private Watch join(CancellationKey key) {
        Watch joined = watches.compute(key, (_, present) -> {
            Watch watch = present == null ? new Watch() : present;
            if (watch.waiters++ == 0) {
                // in the trace of the first that waits
                Runnable polls = traces.withCurrent(() -> poll(key, watch));
                Thread.ofVirtual().name("wait-for-batch").start(polls);
            }
            return watch;
        });
        if (stopping) {
            joined.over.complete(null);
        }
        return joined;
    }

    private void leave(CancellationKey key, Watch watch) {
        watches.computeIfPresent(key, (_, present) -> {
            // an ended watch may have been replaced
            if (present == watch && --watch.waiters == 0) {
                watch.over.complete(null);
                return null;
            }
            return present;
        });
    }

    private void poll(CancellationKey key, Watch watch) {
        BatchId batch = new BatchId(key.batchId());
        Duration delay = FIRST_DELAY;
        try {
            while (!watch.isOverWithin(delay)) {
                delay = longer(delay);
                Optional<Answer> answer = tryToPoll(key, batch);
                if (answer.isPresent() && answer.get() instanceof Answer.Found(Batch found)) {
                    watch.latest = found;
                    if (found.terminal()) {
                        recordEnd.record(key, Set.copyOf(watch.requests), answer.get());
                        watch.over.complete(found);
                    }
                }
            }
        } finally {
            watch.over.complete(null); // whatever happened, nobody must wait for a poll that does not come
            watches.remove(key, watch);
        }
    }

    private Optional<Answer> tryToPoll(CancellationKey key, BatchId batch) {
        try {
            // its key may have changed, or it may be gone
            return tenants.apply(key.tenant()).map(tenant -> twelveLabs.poll(tenant, batch));
        } catch (RuntimeException e) {
            log.error("A poll of {} failed; those who wait for it go on waiting", key, e);
            return Optional.empty();
        }
    }

    private static Duration longer(Duration delay) {
        Duration next = delay.multipliedBy(5).dividedBy(4);
        return next.compareTo(LONGEST_DELAY) < 0 ? next : LONGEST_DELAY;
    }

    @Override
    public void start() {
        running = true;
        stopping = false;
    }

    /** Ends all waits, and those that begin later. */
    @Override
    public void stop() {
        running = false;
        stopping = true;
        watches.values().forEach(watch -> watch.over.complete(null));
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** Stops before the web server, which waits for the requests under way. */
    @Override
    public int getPhase() {
        return DEFAULT_PHASE;
    }

    /** One batch that callers wait for. */
    private static final class Watch {

        /** Completes with the batch at its end, or with null if nobody waits any more. */
        private final CompletableFuture<@Nullable Batch> over = new CompletableFuture<>();

        /** Guarded by the map's lock on the key. */
        private int waiters;

        private final Set<Long> requests = ConcurrentHashMap.newKeySet();

        private volatile @Nullable Batch latest;

        boolean isOverWithin(Duration delay) {
            try {
                over.get(delay.toNanos(), TimeUnit.NANOSECONDS);
                return true;
            } catch (TimeoutException e) {
                return false;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return true;
            } catch (ExecutionException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
