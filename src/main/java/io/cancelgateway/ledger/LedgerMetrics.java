package io.cancelgateway.ledger;

import io.cancelgateway.platform.Ticker;
import io.cancelgateway.tenant.TenantId;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gauges of the ledger's contents, the same on every replica. A scrape reads the database, unless the last read is less
 * than a second old. All gauges of a scrape share one read and wait 300 ms for it at most. After that they show the
 * contents of the last read that succeeded, until the database answers.
 */
public class LedgerMetrics implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(LedgerMetrics.class);

    private static final Duration FRESH = Duration.ofSeconds(1);
    private static final Duration MAX_WAIT = Duration.ofMillis(300);

    /** A read that is under way for longer than this gets no answer. */
    private static final Duration MAX_READ = Duration.ofSeconds(2);

    private final LedgerQueries ledger;
    private final TenantTags tags;
    private final Clock clock;
    private final Ticker ticker;
    private final ExecutorService reader = Executors.newSingleThreadExecutor(
            Thread.ofVirtual().name("ledger-reader").factory());
    private final AtomicReference<@Nullable CompletableFuture<Void>> reading = new AtomicReference<>();
    private final MultiGauge items;

    private volatile Contents contents = new Contents(List.of(), new Overdue(0, null), Map.of());

    /** Whether the last read succeeded. */
    private volatile boolean readable;

    /** When the latest read began. */
    private volatile long begunAt;

    private volatile long triedAt;

    LedgerMetrics(
            LedgerQueries ledger,
            LedgerAvailability availability,
            TenantTags tags,
            Clock clock,
            Ticker ticker,
            MeterRegistry registry) {
        this.ledger = ledger;
        this.tags = tags;
        this.clock = clock;
        this.ticker = ticker;
        this.items = MultiGauge.builder("cancel.gateway.ledger.items")
                .description("Items of batches that ended canceled through us, exact; the same on every replica")
                .register(registry);
        read();
        for (CancellationState state : CancellationState.values()) {
            if (!state.terminal()) {
                Gauge.builder("cancel.gateway.pending", () -> pending(state))
                        .description("Cancellations that are not terminal; the same on every replica")
                        .tag("state", state.word())
                        .register(registry);
                Gauge.builder("cancel.gateway.oldest.pending", () -> oldestAge(state))
                        .description("Age of the oldest cancellation that is not terminal; the same on every replica")
                        .baseUnit("seconds")
                        .tag("state", state.word())
                        .register(registry);
            }
        }
        Gauge.builder(
                        "cancel.gateway.follow.up.overdue",
                        () -> latest().overdue().count())
                .description("Follow-ups that are past their time; the same on every replica")
                .register(registry);
        Gauge.builder(
                        "cancel.gateway.follow.up.lag",
                        () -> age(latest().overdue().oldest()))
                .description("How far past its time the oldest follow-up is; the same on every replica")
                .baseUnit("seconds")
                .register(registry);
        Gauge.builder("cancel.gateway.ledger.up", () -> answers() && availability.available() ? 1 : 0)
                .description("1 if the ledger's database answers reads and takes writes, else 0")
                .register(registry);
    }

    /** Called when the totals of this tenant have changed. Its first total gets a gauge before the next scrape. */
    public void changed(TenantId tenant) {
        if (!contents.totals().containsKey(row(tags.of(tenant), "canceled"))) {
            readSoon();
        }
    }

    private long pending(CancellationState state) {
        return latest().backlog().stream()
                .filter(backlog -> backlog.state() == state)
                .mapToLong(Backlog::count)
                .sum();
    }

    private double oldestAge(CancellationState state) {
        return latest().backlog().stream()
                .filter(backlog -> backlog.state() == state)
                .mapToDouble(backlog -> age(backlog.oldest()))
                .max()
                .orElse(0);
    }

    private double age(@Nullable Instant since) {
        return since == null
                ? 0
                : Math.max(0, Duration.between(since, clock.instant()).toMillis() / 1000.0);
    }

    /** A read that takes its time is no outage. */
    private boolean answers() {
        latest();
        return readable && (reading.get() == null || ticker.nanos() - begunAt < MAX_READ.toNanos());
    }

    private Contents latest() {
        if (ticker.nanos() - triedAt > FRESH.toNanos()) {
            readSoon().join();
        }
        return contents;
    }

    /** Starts a read, unless one is under way. The future completes when that read ends, or after {@link #MAX_WAIT}. */
    private CompletableFuture<Void> readSoon() {
        CompletableFuture<Void> mine = new CompletableFuture<>();
        @Nullable CompletableFuture<Void> theirs = reading.compareAndExchange(null, mine);
        if (theirs != null) {
            return theirs;
        }
        begunAt = ticker.nanos();
        mine.completeOnTimeout(null, MAX_WAIT.toMillis(), TimeUnit.MILLISECONDS);
        try {
            reader.execute(() -> {
                try {
                    read();
                } catch (RuntimeException e) {
                    readable = false;
                    log.warn("The ledger cannot be read; its gauges keep their last values: {}", e.toString());
                } finally {
                    finish(mine);
                }
            });
        } catch (RejectedExecutionException e) {
            finish(mine); // closed: the gauges are not read any more
        }
        return mine;
    }

    private void finish(CompletableFuture<Void> read) {
        triedAt = ticker.nanos();
        reading.set(null);
        read.complete(null);
    }

    /** Runs on one thread at a time. */
    private void read() {
        Map<Tags, Long> totals = new LinkedHashMap<>();
        for (ItemTotal total : ledger.totals()) {
            // tenants without a tag of their own share one
            String tenant = tags.of(total.tenant());
            totals.merge(row(tenant, "canceled"), total.canceled(), Long::sum);
            totals.merge(row(tenant, "ready"), total.ready(), Long::sum);
            totals.merge(row(tenant, "failed"), total.failed(), Long::sum);
        }
        boolean rowsChanged = !totals.keySet().equals(contents.totals().keySet());
        contents = new Contents(ledger.backlog(), ledger.overdue(clock.instant()), totals);
        readable = true;
        triedAt = ticker.nanos();
        if (rowsChanged) {
            items.register(
                    totals.keySet().stream()
                            .<MultiGauge.Row<?>>map(row -> MultiGauge.Row.of(
                                    row, () -> latest().totals().getOrDefault(row, 0L)))
                            .toList(),
                    false);
        }
    }

    private static Tags row(String tenant, String result) {
        return Tags.of("tenant", tenant, "result", result);
    }

    /** Does not interrupt a read: an interrupt would make H2 close its file. */
    @Override
    public void close() {
        reader.shutdown();
    }

    private record Contents(List<Backlog> backlog, Overdue overdue, Map<Tags, Long> totals) {}
}
