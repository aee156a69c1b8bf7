package io.cancelgateway.twelvelabs;

import io.cancelgateway.tenant.TenantId;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** One lane for each configured tenant, made when it is first needed. */
final class Lanes {

    private final Map<TenantId, Lane> lanes = new ConcurrentHashMap<>();
    private final Function<TenantId, Lane> maker;

    Lanes(Function<TenantId, Lane> maker) {
        this.maker = maker;
    }

    Lane of(TenantId tenant) {
        return lanes.computeIfAbsent(tenant, maker);
    }

    /** Forgets the tenants that are no longer configured. */
    void retain(Set<TenantId> configured) {
        lanes.keySet().retainAll(configured);
    }

    long paused() {
        return lanes.values().stream().filter(lane -> lane.pause().on()).count();
    }

    long breakersIn(State state) {
        return lanes.values().stream()
                .filter(lane -> lane.breaker().state() == state)
                .count();
    }
}
