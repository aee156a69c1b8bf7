package io.cancelgateway.ledger;

import io.cancelgateway.platform.Ticker;
import io.cancelgateway.tenant.TenantTags;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;

/**
 * Shows what the ledger holds, the same on every replica. A scrape reads the database once, and does not wait for one
 * that does not answer: it then shows what was read last.
 */
public class LedgerMetrics implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(LedgerMetrics.class);

    private static final Duration FRESH = Duration.ofSeconds(1);
    private static final Duration MAX_WAIT = Duration.ofMillis(300);

    private final Ledger ledger;
    private final TenantTags tags;
    private final Clock clock;
    private final Ticker ticker;
    private final ExecutorService reader = Executors.newSingleThreadExecutor(
            Thread.ofVirtual().name("ledger-reader").factory());
    private final MultiGauge items;
    private final AtomicReference<@Nullable CompletableFuture<Void>> reading = new AtomicReference<>();

    private volatile Picture picture;

    LedgerMetrics(Ledger ledger, TenantTags tags, Clock clock, Ticker ticker, MeterRegistry registry) {
        this.ledger = ledger;
        this.tags = tags;
        this.clock = clock;
        this.ticker = ticker;
        this.picture = new Picture(List.of(), ticker.nanos());
        this.items = MultiGauge.builder("cancel.gateway.ledger.items")
                .description("Items of batches that ended canceled through us, exact; the same on every replica")
                .register(registry);
        for (CancellationState state : CancellationState.values()) {
            if (!state.terminal()) {
                Gauge.builder("cancel.gateway.pending", () -> pending(state))
                        .description("Cancellations that are not terminal; the same on every replica")
                        .tag("state", state.word())
                        .register(registry);
            }
        }
        Gauge.builder("cancel.gateway.oldest.pending", this::oldestAge)
                .description("Age of the oldest cancellation that is not terminal")
                .baseUnit("seconds")
                .register(registry);
    }

    private long pending(CancellationState state) {
        return latest().backlog().stream()
                .filter(backlog -> backlog.state() == state)
                .mapToLong(Backlog::count)
                .sum();
    }

    private double oldestAge() {
        Instant now = clock.instant();
        return latest().backlog().stream()
                .map(backlog -> Duration.between(backlog.oldest(), now))
                .mapToDouble(age -> Math.max(0, age.toMillis() / 1000.0))
                .max()
                .orElse(0);
    }

    private Picture latest() {
        if (ticker.nanos() - picture.takenAt() > FRESH.toNanos()) {
            readSoon()
                    .completeOnTimeout(null, MAX_WAIT.toMillis(), TimeUnit.MILLISECONDS)
                    .join();
        }
        return picture;
    }

    /** Reads, unless a read is on its way already. */
    private CompletableFuture<Void> readSoon() {
        CompletableFuture<Void> mine = new CompletableFuture<>();
        CompletableFuture<Void> theirs = reading.compareAndExchange(null, mine);
        if (theirs != null) {
            return theirs.copy();
        }
        reader.execute(() -> {
            try {
                read();
            } catch (DataAccessException e) {
                log.warn("The ledger cannot be read, its gauges stand still: {}", e.toString());
            } finally {
                reading.set(null);
                mine.complete(null);
            }
        });
        return mine.copy();
    }

    /** Reads now, so that what has just been written is shown. */
    public void read() {
        List<ItemTotal> totals = ledger.totals();
        List<Backlog> backlog = ledger.backlog();
        showTotals(totals);
        picture = new Picture(backlog, ticker.nanos());
    }

    private synchronized void showTotals(List<ItemTotal> totals) {
        // tenants beyond those with a tag of their own share one
        Map<Tags, Long> values = new LinkedHashMap<>();
        for (ItemTotal total : totals) {
            String tenant = tags.of(total.tenant());
            Map<String, Long> results = new TreeMap<>(
                    Map.of("canceled", total.canceled(), "ready", total.ready(), "failed", total.failed()));
            results.forEach(
                    (result, items) -> values.merge(Tags.of("tenant", tenant, "result", result), items, Long::sum));
        }
        items.register(
                values.entrySet().stream()
                        .<MultiGauge.Row<?>>map(value -> MultiGauge.Row.of(value.getKey(), value.getValue()))
                        .toList(),
                true);
    }

    /** Without an interrupt, upon which H2 would close its file. */
    @Override
    public void close() {
        reader.shutdown();
    }

    /** @param takenAt by the ticker */
    private record Picture(List<Backlog> backlog, long takenAt) {}
}
