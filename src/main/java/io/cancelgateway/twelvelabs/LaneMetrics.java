package io.cancelgateway.twelvelabs;

import io.cancelgateway.tenant.Tenants;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Locale;
import java.util.function.Supplier;

/** Gauges of how many tenants have an open or half-open breaker, and how many are paused. */
final class LaneMetrics implements MeterBinder {

    private final Lanes lanes;
    private final Tenants tenants;

    LaneMetrics(Lanes lanes, Tenants tenants) {
        this.lanes = lanes;
        this.tenants = tenants;
    }

    @Override
    public void bindTo(MeterRegistry registry) {
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
    }

    private static void breakers(MeterRegistry registry, State state, Supplier<Number> count) {
        Gauge.builder("cancel.gateway.tenant.breakers", count)
                .description("How many tenants have a breaker in this state")
                .tag("state", state.name().toLowerCase(Locale.ROOT))
                .register(registry);
    }
}
