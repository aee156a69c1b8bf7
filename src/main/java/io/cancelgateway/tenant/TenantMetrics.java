package io.cancelgateway.tenant;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.util.List;
import java.util.Map;

/** Gauges: how many tenants have a key in each state, and which tenants have a key that is not active. */
class TenantMetrics {

    private final Tenants tenants;
    private final TenantTags tags;
    private final MultiGauge trouble;

    TenantMetrics(Tenants tenants, TenantTags tags, MeterRegistry registry) {
        this.tenants = tenants;
        this.tags = tags;
        for (KeyState state : KeyState.values()) {
            Gauge.builder("cancel.gateway.tenant.keys", () -> count(state))
                    .description("How many tenants have a key in this state")
                    .tag("state", state.tag())
                    .register(registry);
        }
        trouble = MultiGauge.builder("cancel.gateway.tenant.key.trouble")
                .description("1 for each tenant whose key is not active")
                .register(registry);
    }

    private long count(KeyState state) {
        return tenants.states().values().stream().filter(s -> s == state).count();
    }

    /** Registers the tenants whose key is not active now. */
    synchronized void update() {
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
