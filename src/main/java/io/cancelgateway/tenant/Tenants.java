package io.cancelgateway.tenant;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The configured tenants and the states of their keys. Safe for use by many threads. */
public class Tenants {

    private static final Logger log = LoggerFactory.getLogger(Tenants.class);

    private final KeySource source;

    /** Keys that the upstream refused. A new key of the same tenant is not among them. */
    private final Set<ApiKey> rejected = ConcurrentHashMap.newKeySet();

    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

    private volatile Map<TenantId, Entry> entries = Map.of();

    /** Guarded by this. */
    private boolean everLoaded;

    Tenants(KeySource source) {
        this.source = source;
    }

    /**
     * Reads the keys of all tenants again. They are compared with each other, to find tenants with the same key. Does
     * nothing more if nothing has changed.
     *
     * @throws IOException if the directory cannot be listed; tenants and keys stay as they were
     */
    synchronized void load() throws IOException {
        Map<TenantId, Optional<ApiKey>> found = new TreeMap<>();
        source.read().forEach((id, key) -> found.put(id, key.or(() -> lastGoodKey(id))));
        Map<ApiKey, Long> uses = found.values().stream()
                .flatMap(Optional::stream)
                .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
        Map<TenantId, Entry> loaded = new LinkedHashMap<>();
        found.forEach((id, key) -> loaded.put(
                id,
                key.<Entry>map(k -> uses.getOrDefault(k, 0L) > 1
                                ? new Entry.Duplicate(k)
                                : new Entry.Usable(new Tenant(id, k)))
                        .orElseGet(Entry.Unreadable::new)));
        if (everLoaded && loaded.equals(entries)) {
            return;
        }
        everLoaded = true;
        rejected.retainAll(uses.keySet());
        entries = loaded;
        report(loaded);
        changed();
    }

    private Optional<ApiKey> lastGoodKey(TenantId id) {
        return switch (entries.get(id)) {
            case Entry.Usable(Tenant tenant) -> Optional.of(tenant.key());
            case Entry.Duplicate(ApiKey key) -> Optional.of(key);
            case Entry.Unreadable() -> Optional.empty();
            case null -> Optional.empty();
        };
    }

    private void report(Map<TenantId, Entry> loaded) {
        if (loaded.isEmpty()) {
            log.warn(
                    "No tenant has a key (gateway.tenants-dir, gateway.tenants.<id>.api-key): nothing can be canceled");
        }
        Set<TenantId> duplicates = new TreeSet<>();
        loaded.forEach((id, entry) -> {
            if (entry instanceof Entry.Duplicate) {
                duplicates.add(id);
            }
        });
        if (!duplicates.isEmpty()) {
            log.error(
                    "Tenants {} have the same key: all of them are refused until each has a key of its own",
                    duplicates);
        }
    }

    /** The tenant with its key, or empty if the tenant is unknown or its key may not be used. */
    public Optional<Tenant> find(TenantId id) {
        return entries.get(id) instanceof Entry.Usable(Tenant tenant) ? Optional.of(tenant) : Optional.empty();
    }

    /** Notes that the upstream refused this tenant's key or account (401 or 403). The key is still sent. */
    public void keyRejected(Tenant tenant) {
        if (rejected.add(tenant.key())) {
            log.error(
                    "The upstream refuses the key or account of tenant {}; the gateway still sends this key."
                            + " Replace the key, or repair the account",
                    tenant.id());
            changed();
        }
    }

    /** Notes that the upstream accepted this tenant's key. */
    public void keyAccepted(Tenant tenant) {
        if (!rejected.isEmpty() && rejected.remove(tenant.key())) {
            log.info("The upstream accepts the key of tenant {} again", tenant.id());
            changed();
        }
    }

    /** Whether the upstream refused this key or its account when it was last used. */
    public boolean isRefused(Tenant tenant) {
        return rejected.contains(tenant.key());
    }

    /** Calls {@code listener} now, after each {@link #load}, and when a key is refused or accepted again. */
    public void onChange(Runnable listener) {
        listeners.add(listener);
        listener.run();
    }

    private void changed() {
        listeners.forEach(Runnable::run);
    }

    /** The ids of all configured tenants, with a usable key or without. */
    public Set<TenantId> ids() {
        return Set.copyOf(entries.keySet());
    }

    /** All configured tenants and the states of their keys, sorted by id. */
    Map<TenantId, KeyState> states() {
        Map<TenantId, KeyState> states = new TreeMap<>();
        entries.forEach((id, entry) -> states.put(id, state(entry)));
        return states;
    }

    private KeyState state(Entry entry) {
        return switch (entry) {
            case Entry.Usable(Tenant tenant) -> rejected.contains(tenant.key()) ? KeyState.REJECTED : KeyState.ACTIVE;
            case Entry.Duplicate _ -> KeyState.DUPLICATE;
            case Entry.Unreadable() -> KeyState.UNREADABLE;
        };
    }

    private sealed interface Entry {
        record Usable(Tenant tenant) implements Entry {}

        record Duplicate(ApiKey key) implements Entry {}

        record Unreadable() implements Entry {}
    }
}
