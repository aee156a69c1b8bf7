package io.cancelgateway.twelvelabs;

import io.cancelgateway.tenant.TenantTags;
import io.cancelgateway.tenant.Tenants;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gauges of what is in the way of tenants' calls: their breakers, pauses and permits. */
final class LaneMetrics implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(LaneMetrics.class);

    /** A pause ends by itself, so the tenants in trouble are looked for. A scrape is never as frequent as this. */
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(1);

    private final Lanes lanes;
    private final TenantTags tags;
    private final MultiGauge trouble;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("tenant-trouble").factory());
    private Set<Tags> rows = Set.of();

    LaneMetrics(Lanes lanes, Tenants tenants, TenantTags tags, MeterRegistry registry) {
        this.lanes = lanes;
        this.tags = tags;
        // a tenant whose lane is not made yet counts as closed
        breakers(
                registry,
                State.CLOSED,
                () -> tenants.ids().size() - lanes.breakersIn(State.OPEN) - lanes.breakersIn(State.HALF_OPEN));
        breakers(registry, State.OPEN, () -> lanes.breakersIn(State.OPEN));
        breakers(registry, State.HALF_OPEN, () -> lanes.breakersIn(State.HALF_OPEN));
        Gauge.builder("cancel.gateway.tenants.paused", lanes::paused)
                .description("Tenants that wait for a Retry-After")
                .register(registry);
        permits(registry, "used", lanes::permitsUsed);
        permits(registry, "waiting", lanes::permitsWaitedFor);
        trouble = MultiGauge.builder("cancel.gateway.tenant.trouble")
                .description("1 for each tenant whose breaker is open, or that is paused")
                .register(registry);
        thread.scheduleWithFixedDelay(
                this::tryToUpdate, BETWEEN_LOOKS.toMillis(), BETWEEN_LOOKS.toMillis(), TimeUnit.MILLISECONDS);
    }

    private static void breakers(MeterRegistry registry, State state, Supplier<Number> count) {
        Gauge.builder("cancel.gateway.tenant.breakers", count)
                .description("How many tenants have a breaker in this state")
                .tag("state", state.name().toLowerCase(Locale.ROOT))
                .register(registry);
    }

    private static void permits(MeterRegistry registry, String state, Supplier<Number> count) {
        Gauge.builder("cancel.gateway.bulkhead.permits", count)
                .description("Permits of the bulkheads that calls hold or wait for, over all tenants")
                .tag("state", state)
                .register(registry);
    }

    private void tryToUpdate() {
        try {
            update();
        } catch (RuntimeException e) {
            log.error("The tenants in trouble cannot be shown; this is tried again in a second", e);
        }
    }

    /** Runs on one thread. */
    private void update() {
        Set<Tags> now = Stream.concat(
                        lanes.tenants(lane -> lane.tenantBreaker().state() == State.OPEN)
                                .map(tenant -> Tags.of("tenant", tags.of(tenant), "kind", "breaker_open")),
                        lanes.tenants(lane -> lane.pause().on())
                                .map(tenant -> Tags.of("tenant", tags.of(tenant), "kind", "paused")))
                .collect(Collectors.toSet());
        if (!now.equals(rows)) {
            trouble.register(
                    now.stream()
                            .<MultiGauge.Row<?>>map(row -> MultiGauge.Row.of(row, 1))
                            .toList(),
                    true);
            rows = now;
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
