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

/** The tenants that are configured, and which of their keys may be used. Safe for use by many threads. */
public class Tenants {

    private static final Logger log = LoggerFactory.getLogger(Tenants.class);

    private final KeySource source;

    /** Keys that the upstream refused. By key, so that a new key of the same tenant starts afresh. */
    private final Set<ApiKey> rejected = ConcurrentHashMap.newKeySet();

    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

    private volatile Map<TenantId, Entry> entries = Map.of();

    Tenants(KeySource source) {
        this.source = source;
    }

    /**
     * Reads all keys again and judges them as a whole.
     *
     * @throws IOException if the directory cannot be listed; the last picture stays
     */
    synchronized void load() throws IOException {
        Map<TenantId, Optional<ApiKey>> found = new TreeMap<>();
        source.read().forEach((id, key) -> found.put(id, key.or(() -> lastGoodKey(id))));
        Map<ApiKey, Long> uses = found.values().stream()
                .flatMap(Optional::stream)
                .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
        Map<TenantId, Entry> judged = new LinkedHashMap<>();
        found.forEach((id, key) -> judged.put(
                id,
                key.<Entry>map(k -> uses.getOrDefault(k, 0L) > 1
                                ? new Entry.Duplicate(k)
                                : new Entry.Usable(new Tenant(id, k)))
                        .orElseGet(Entry.Unreadable::new)));
        rejected.retainAll(uses.keySet());
        entries = judged;
        report(judged);
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

    private void report(Map<TenantId, Entry> judged) {
        if (judged.isEmpty()) {
            log.warn(
                    "No tenant has a key (gateway.tenants-dir, gateway.tenants.<id>.api-key): nothing can be canceled");
        }
        Set<TenantId> duplicates = new TreeSet<>();
        judged.forEach((id, entry) -> {
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

    /** The tenant with its key, or empty where it is unknown or its key may not be used. */
    public Optional<Tenant> find(TenantId id) {
        return entries.get(id) instanceof Entry.Usable(Tenant tenant) ? Optional.of(tenant) : Optional.empty();
    }

    /** Notes that the upstream refused this tenant's key or account. The key goes on being sent. */
    public void keyRejected(Tenant tenant) {
        if (rejected.add(tenant.key())) {
            log.error("The upstream refuses the key or account of tenant {}: replace its key", tenant.id());
            changed();
        }
    }

    /** Notes that the upstream took this tenant's key. */
    public void keyAccepted(Tenant tenant) {
        if (!rejected.isEmpty() && rejected.remove(tenant.key())) {
            log.info("The upstream takes the key of tenant {} again", tenant.id());
            changed();
        }
    }

    /** Calls {@code listener} now and whenever a tenant comes, goes, or its key changes its state. */
    public void onChange(Runnable listener) {
        listeners.add(listener);
        listener.run();
    }

    private void changed() {
        listeners.forEach(Runnable::run);
    }

    /** Every configured tenant, with a usable key or without. */
    public Set<TenantId> ids() {
        return Set.copyOf(entries.keySet());
    }

    /** Every configured tenant and the state of its key, by name. */
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
