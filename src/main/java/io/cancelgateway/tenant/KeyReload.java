package io.cancelgateway.tenant;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads the key files again every 5 s: a mounted Secret changes without a file event that could be relied on. */
class KeyReload implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(KeyReload.class);

    private static final Duration INTERVAL = Duration.ofSeconds(5);

    private final Tenants tenants;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("key-reload").factory());

    KeyReload(Tenants tenants) {
        this.tenants = tenants;
        thread.scheduleWithFixedDelay(this::reload, INTERVAL.toMillis(), INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void reload() {
        try {
            tenants.load();
        } catch (IOException | RuntimeException e) {
            log.warn("The key files cannot be read again; the keys stay as they are: {}", e.toString());
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
