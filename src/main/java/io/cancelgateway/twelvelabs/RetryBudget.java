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
    private final long origin;

    private final int[] requestsBySlot = new int[SLOTS];
    private final int[] retriesBySlot = new int[SLOTS];
    private long newestSlot;
    private int requests;
    private int retries;

    RetryBudget(double ratio, int floor, Ticker ticker) {
        this.ratio = ratio;
        this.floor = floor;
        this.ticker = ticker;
        this.origin = ticker.nanos();
    }

    /** Counts a request, which makes the budget larger. */
    synchronized void countRequest() {
        requestsBySlot[slide()]++;
        requests++;
    }

    /** Takes one retry from the budget, or returns false where none is left. */
    synchronized boolean tryRetry() {
        int slot = slide();
        if (retries + 1 > Math.max(floor, ratio * requests)) {
            return false;
        }
        retriesBySlot[slot]++;
        retries++;
        return true;
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
