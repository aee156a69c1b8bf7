package io.cancelgateway.twelvelabs;

import io.cancelgateway.tenant.TenantId;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** One lane for each tenant, made when it is first needed. Safe for use by many threads. */
final class Lanes {

    private final Map<TenantId, Lane> lanes = new ConcurrentHashMap<>();
    private final Function<TenantId, Lane> maker;

    Lanes(Function<TenantId, Lane> maker) {
        this.maker = maker;
    }

    Lane of(TenantId tenant) {
        return lanes.computeIfAbsent(tenant, maker);
    }

    /** Forgets the lanes of tenants that are no longer configured. */
    void retain(Set<TenantId> configured) {
        lanes.keySet().retainAll(configured);
    }

    /** How many tenants are paused. */
    long paused() {
        return lanes.values().stream().filter(lane -> lane.pause().on()).count();
    }

    /** How many permits all tenants' calls hold. */
    long permitsUsed() {
        return lanes.values().stream().mapToLong(lane -> lane.bulkhead().used()).sum();
    }

    /** How many calls of all tenants wait for a permit. */
    long permitsWaitedFor() {
        return lanes.values().stream()
                .mapToLong(lane -> lane.bulkhead().waiting())
                .sum();
    }

    /** The tenants whose lane is like this. */
    Stream<TenantId> tenants(Predicate<Lane> like) {
        return lanes.entrySet().stream()
                .filter(lane -> like.test(lane.getValue()))
                .map(Map.Entry::getKey);
    }

    /** How many tenants have a breaker in this state. */
    long breakersIn(State state) {
        return lanes.values().stream()
                .filter(lane -> lane.tenantBreaker().state() == state)
                .count();
    }
}
