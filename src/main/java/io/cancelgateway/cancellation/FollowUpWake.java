package io.cancelgateway.cancellation;

import io.cancelgateway.ledger.Ledger;
import io.cancelgateway.tenant.Tenant;
import io.cancelgateway.tenant.TenantId;
import io.cancelgateway.tenant.Tenants;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets follow-ups run at once that may have been waiting for a key, if their tenant has got a new one, or if the
 * upstream takes the old one again. A start counts as a new key of every tenant, because keys may have changed before
 * it.
 */
class FollowUpWake implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(FollowUpWake.class);

    /** A call with the old key may be under way when the new one comes. By then its follow-up waits, too. */
    private static final Duration ONCE_MORE_AFTER = Duration.ofSeconds(6);

    private static final Duration BETWEEN_WAKES_OF_ONE_KEY = Duration.ofMinutes(1);

    private final Tenants tenants;
    private final Ledger ledger;
    private final Clock clock;

    /** A poll that is due later than this met a refused key. */
    private final Duration longestDelay;

    private final ScheduledExecutorService threads = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("follow-up-wake").factory());
    private final Set<TenantId> toWake = new HashSet<>();
    private final Map<TenantId, Optional<Tenant>> latest = new HashMap<>();

    /** Until when the key of a tenant that is accepted again wakes nothing. */
    private final Map<TenantId, Instant> wokenAgain = new HashMap<>();

    private Map<TenantId, Tenant> usable = Map.of();

    /** @param longestDelay the longest between two polls that met no refused key */
    FollowUpWake(Tenants tenants, Ledger ledger, Clock clock, Duration longestDelay) {
        this.tenants = tenants;
        this.ledger = ledger;
        this.clock = clock;
        this.longestDelay = longestDelay;
    }

    /** Called when a key may have changed, was refused, or was accepted again. */
    synchronized void update() {
        Map<TenantId, Tenant> now = new HashMap<>();
        for (TenantId id : tenants.ids()) {
            tenants.find(id).filter(tenant -> !tenants.isRefused(tenant)).ifPresent(tenant -> now.put(id, tenant));
        }
        Set<TenantId> changed = new HashSet<>(now.keySet());
        changed.removeIf(id -> Objects.equals(now.get(id), usable.get(id)));
        usable = now;
        try {
            for (TenantId id : changed) {
                schedule(id, delay(id, now.get(id)));
            }
        } catch (RejectedExecutionException e) {
            log.debug("The gateway stops; what waits for a key goes on after the next start");
        }
    }

    private void schedule(TenantId id, Duration delay) {
        threads.schedule(() -> wake(Set.of(id)), delay.toMillis(), TimeUnit.MILLISECONDS);
        threads.schedule(() -> wake(Set.of(id)), delay.plus(ONCE_MORE_AFTER).toMillis(), TimeUnit.MILLISECONDS);
    }

    /**
     * None for a new key. A key that is accepted again wakes at most once a minute: an upstream that refuses it for
     * some batches, and takes it for others, must not be asked again and again.
     */
    private Duration delay(TenantId id, @Nullable Tenant tenant) {
        Instant now = clock.instant();
        boolean sameKey = Objects.equals(latest.put(id, Optional.ofNullable(tenant)), Optional.ofNullable(tenant));
        Instant next = wokenAgain.getOrDefault(id, Instant.MIN);
        if (!sameKey) {
            return Duration.ZERO;
        }
        if (next.isBefore(now)) {
            wokenAgain.put(id, now.plus(BETWEEN_WAKES_OF_ONE_KEY));
            return Duration.ZERO;
        }
        return Duration.between(now, next);
    }

    /** Runs on one thread. Those that cannot be woken now are woken with the next ones, or in a moment. */
    private void wake(Set<TenantId> changed) {
        toWake.addAll(changed);
        try {
            Instant now = clock.instant();
            int woken = ledger.wake(toWake, now, now.plus(longestDelay));
            toWake.clear();
            if (woken > 0) {
                log.info(
                        "{} deliveries and polls go on: their keys are usable again, or the gateway has started",
                        woken);
            }
        } catch (RuntimeException e) {
            if (threads.isShutdown()) {
                return; // the next start wakes them
            }
            log.warn("Follow-ups that wait for a key cannot be woken yet: {}", e.toString());
            threads.schedule(() -> wake(Set.of()), ONCE_MORE_AFTER.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    /** Does not interrupt a statement: an interrupt would make H2 close its file. */
    @Override
    public void close() {
        threads.shutdown();
    }
}
