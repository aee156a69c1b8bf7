package io.cancelgateway.platform;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Reads mounted files again every 5 s: a mounted Secret changes without a file event that could be relied on.
 * Everything that is read so is in force within 10 s of its change.
 */
public final class PeriodicReload implements AutoCloseable {

    private static final Duration INTERVAL = Duration.ofSeconds(5);

    private final ScheduledExecutorService thread;

    /** @param reload must not throw: it would be the last one */
    public PeriodicReload(String name, Runnable reload) {
        thread = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name(name).factory());
        thread.scheduleWithFixedDelay(reload, INTERVAL.toMillis(), INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
