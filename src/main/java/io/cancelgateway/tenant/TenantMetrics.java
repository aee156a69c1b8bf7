package io.cancelgateway.tenant;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.time.Clock;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** How many tenants have a key in each state, which have one that is not active, and how reading the keys goes. */
class TenantMetrics {

    private final Tenants tenants;
    private final TenantTags tags;
    private final MultiGauge trouble;
    private final Map<Tenants.Reload, Counter> reloads = new EnumMap<>(Tenants.Reload.class);
    /** The tags when this was last updated. Guarded by this. */
    private Set<String> tagged = Set.of();

    private final MeterRegistry registry;
    private final Clock clock;

    /** When the keys were last read well. */
    private volatile Instant lastGoodReload;

    TenantMetrics(Tenants tenants, TenantTags tags, MeterRegistry registry, Clock clock) {
        this.tenants = tenants;
        this.tags = tags;
        this.registry = registry;
        this.clock = clock;
        this.lastGoodReload = clock.instant();
        for (KeyState state : KeyState.values()) {
            Gauge.builder("cancel.gateway.tenant.keys", () -> count(state))
                    .description("How many tenants have a key in this state")
                    .tag("state", state.tag())
                    .register(registry);
        }
        for (Tenants.Reload result : Tenants.Reload.values()) {
            reloads.put(
                    result,
                    Counter.builder("cancel.gateway.tenant.keys.reloads")
                            .description("How often the key files were read again")
                            .tag("result", result.tag())
                            .register(registry));
        }
        Gauge.builder("cancel.gateway.tenant.keys.last.reload", () -> lastGoodReload.toEpochMilli() / 1000.0)
                .description("When the key files were last read without a failure, in seconds since 1970")
                .baseUnit("seconds")
                .register(registry);
        trouble = MultiGauge.builder("cancel.gateway.tenant.key.trouble")
                .description("1 for each tenant whose key is not active")
                .register(registry);
    }

    private long count(KeyState state) {
        return tenants.states().values().stream().filter(s -> s == state).count();
    }

    private static boolean isOfAnother(@Nullable String tag, Set<String> tagged) {
        return tag != null && !TenantTags.isReserved(tag) && !tagged.contains(tag);
    }

    void reloaded(Tenants.Reload result) {
        Objects.requireNonNull(reloads.get(result)).increment();
        if (result != Tenants.Reload.FAILED) {
            lastGoodReload = clock.instant();
        }
    }

    /** Registers the tenants whose key is not active now, and removes the series of those that have no tag any more. */
    synchronized void update() {
        Set<String> named = tags.named();
        if (!named.containsAll(tagged)) {
            registry.getMeters().stream()
                    .filter(meter -> meter.getId().getName().startsWith("cancel.gateway."))
                    .filter(meter -> isOfAnother(meter.getId().getTag("tenant"), named))
                    .forEach(registry::remove);
        }
        tagged = named;
        Map<TenantId, KeyState> states = tenants.states();
        List<MultiGauge.Row<?>> rows = states.entrySet().stream()
                .filter(entry -> entry.getValue() != KeyState.ACTIVE)
                .map(entry -> Tags.of(
                        "tenant",
                        tags.of(entry.getKey()),
                        "state",
                        entry.getValue().tag()))
                .distinct()
                .<MultiGauge.Row<?>>map(row -> MultiGauge.Row.of(row, 1))
                .toList();
        trouble.register(rows, true);
    }
}
