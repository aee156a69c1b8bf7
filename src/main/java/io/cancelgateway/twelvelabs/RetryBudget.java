package io.cancelgateway.twelvelabs;

import io.cancelgateway.platform.Ticker;
import java.time.Duration;

/**
 * Limits one tenant's retries, so that they do not multiply the load when everything fails. In any 10 seconds there may
 * be as many retries as a share of the tenant's requests, and a minimum for tenants with few requests. Safe for use by
 * many threads.
 */
final class RetryBudget {

    private static final Duration WINDOW = Duration.ofSeconds(10);
    private static final int SLOTS = 100;
    private static final long SLOT_NANOS = WINDOW.toNanos() / SLOTS;

    private final double ratio;
    private final int floor;
    private final Ticker ticker;
    private final Runnable onExhausted;
    private final long origin;

    private final int[] requestsBySlot = new int[SLOTS];
    private final int[] retriesBySlot = new int[SLOTS];
    private long newestSlot;
    private int requests;
    private int retries;

    /** Whether a retry was ever refused, and when the last one was. */
    private boolean refusing;

    private long refusedLast;

    /**
     * @param onExhausted called when a retry is refused, unless one was in the {@link #WINDOW} before: once for a time
     *     in which retries are refused again and again
     */
    RetryBudget(double ratio, int floor, Ticker ticker, Runnable onExhausted) {
        this.ratio = ratio;
        this.floor = floor;
        this.ticker = ticker;
        this.onExhausted = onExhausted;
        this.origin = ticker.nanos();
    }

    /** Counts a request, which makes the budget larger. */
    synchronized void countRequest() {
        requestsBySlot[slide()]++;
        requests++;
    }

    /** Takes one retry from the budget, or returns false where none is left. */
    boolean tryRetry() {
        boolean begins;
        synchronized (this) {
            int slot = slide();
            if (retries + 1 <= Math.max(floor, ratio * requests)) {
                retriesBySlot[slot]++;
                retries++;
                return true;
            }
            long now = ticker.nanos();
            begins = !refusing || now - refusedLast > WINDOW.toNanos();
            refusing = true;
            refusedLast = now;
        }
        if (begins) {
            onExhausted.run();
        }
        return false;
    }

    /** Removes what is older than the window, and returns the slot of now. */
    private int slide() {
        long now = (ticker.nanos() - origin) / SLOT_NANOS;
        long expired = Math.min(now - newestSlot, SLOTS);
        for (long i = 1; i <= expired; i++) {
            int slot = (int) ((newestSlot + i) % SLOTS);
            requests -= requestsBySlot[slot];
            retries -= retriesBySlot[slot];
            requestsBySlot[slot] = 0;
            retriesBySlot[slot] = 0;
        }
        newestSlot = now;
        return (int) (now % SLOTS);
    }
}
