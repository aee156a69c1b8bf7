package io.cancelgateway.durability;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** When the ledger's database was out of order, by {@link System#nanoTime}. */
final class Outages {

    /**
     * How long after an outage everything that was forwarded unrecorded is written down: one write may hang on a dead
     * connection for 20 s first, and the others wait for it.
     */
    private static final long SETTLED = Duration.ofSeconds(30).toNanos();

    /** How long after an outage the gateway may still take the database for dead, on a slow machine too. */
    private static final long RECOVERED = Duration.ofSeconds(10).toNanos();

    private record Outage(long from, long to) {}

    private final List<Outage> outages = new ArrayList<>();

    synchronized void add(long from, long to) {
        outages.add(new Outage(from, to));
    }

    /** Whether, between these two, the database was healthy for so long that nothing can be unrecorded any more. */
    synchronized boolean settledBetween(long from, long to) {
        long healthySince = from;
        for (Outage outage : outages) {
            if (outage.from() - healthySince > SETTLED && to - healthySince > SETTLED) {
                return true;
            }
            healthySince = Math.max(healthySince, outage.to());
        }
        return to - healthySince > SETTLED;
    }

    /** Whether a request that was under way between these two may have met an outage, or what is left of one. */
    synchronized boolean touched(long from, long to) {
        return outages.stream().anyMatch(outage -> outage.from() < to && outage.to() + RECOVERED > from);
    }

    synchronized int count() {
        return outages.size();
    }
}
