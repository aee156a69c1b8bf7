package io.cancelgateway.tenant;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The configured tenants and the states of their keys. Safe for use by many threads. */
public class Tenants {

    private static final Logger log = LoggerFactory.getLogger(Tenants.class);

    private final KeySource source;

    /** Keys that the upstream refused. A new key of the same tenant is not among them. */
    private final Set<ApiKey> rejected = ConcurrentHashMap.newKeySet();

    /** The tenants whose files are being read again because their keys were refused. */
    private final Map<TenantId, CompletableFuture<@Nullable Void>> rereads = new ConcurrentHashMap<>();

    private final List<Consumer<Reload>> reloadListeners = new CopyOnWriteArrayList<>();
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
     * @return whether something has changed
     * @throws IOException if the directory cannot be listed; tenants and keys stay as they were
     */
    synchronized boolean load() throws IOException {
        Map<TenantId, Optional<ApiKey>> read = source.read();
        Map<TenantId, ApiKey> keys = new TreeMap<>();
        read.forEach((id, key) -> key.or(() -> lastGoodKey(id)).ifPresent(known -> keys.put(id, known)));
        Map<ApiKey, Long> uses =
                keys.values().stream().collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
        Map<TenantId, Entry> loaded = new LinkedHashMap<>();
        read.forEach((id, key) -> loaded.put(id, entry(id, keys.get(id), key.isPresent(), uses)));
        if (everLoaded && loaded.equals(entries)) {
            return false;
        }
        everLoaded = true;
        rejected.retainAll(uses.keySet());
        entries = loaded;
        report(loaded);
        changed();
        return true;
    }

    private static Entry entry(TenantId id, @Nullable ApiKey key, boolean fresh, Map<ApiKey, Long> uses) {
        if (key == null) {
            return new Entry.Unreadable();
        }
        return uses.getOrDefault(key, 0L) > 1 ? new Entry.Duplicate(key) : new Entry.Usable(new Tenant(id, key), fresh);
    }

    /** What came of reading the keys again. */
    enum Reload {
        CHANGED,
        UNCHANGED,
        /** Tenants and keys stayed as they were. */
        FAILED;

        /** The word in meter tags. */
        String tag() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Reads the keys of all tenants again, as {@link #load} does. */
    void reload() {
        Reload result;
        try {
            result = load() ? Reload.CHANGED : Reload.UNCHANGED;
        } catch (IOException | RuntimeException e) {
            log.warn("The key files cannot be read again; the keys stay as they are: {}", e.toString());
            result = Reload.FAILED;
        }
        for (Consumer<Reload> listener : reloadListeners) {
            listener.accept(result);
        }
    }

    /** Calls {@code listener} after each {@link #reload}. */
    void onReload(Consumer<Reload> listener) {
        reloadListeners.add(listener);
    }

    private Optional<ApiKey> lastGoodKey(TenantId id) {
        return switch (entries.get(id)) {
            case Entry.Usable(Tenant tenant, boolean _) -> Optional.of(tenant.key());
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
        return entries.get(id) instanceof Entry.Usable(Tenant tenant, boolean _)
                ? Optional.of(tenant)
                : Optional.empty();
    }

    /**
     * The tenant with its new key, if it has another one than this, which the upstream does not know (401). Its file is
     * read again at once; whoever comes meanwhile shares that.
     */
    public Optional<Tenant> renewed(Tenant tenant) {
        if (isCurrent(tenant)) {
            readAgain(tenant);
        }
        return find(tenant.id()).filter(now -> !now.equals(tenant));
    }

    private void readAgain(Tenant tenant) {
        CompletableFuture<@Nullable Void> mine = new CompletableFuture<>();
        @Nullable CompletableFuture<@Nullable Void> others = rereads.putIfAbsent(tenant.id(), mine);
        if (others != null) {
            others.join();
            return;
        }
        try {
            if (source.read(tenant.id())
                    .filter(key -> !key.equals(tenant.key()))
                    .isPresent()) {
                reload(); // of all, because keys are compared with each other
            }
        } finally {
            rereads.remove(tenant.id(), mine);
            mine.complete(null);
        }
    }

    private boolean isCurrent(Tenant tenant) {
        return find(tenant.id()).filter(tenant::equals).isPresent();
    }

    /**
     * Notes that the upstream refused this tenant's key or account (401 or 403). The key is still sent. Does nothing if
     * the tenant has another key by now.
     */
    public void keyRejected(Tenant tenant) {
        if (isCurrent(tenant) && rejected.add(tenant.key())) {
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
            case Entry.Usable(Tenant _, boolean fresh) when !fresh -> KeyState.UNREADABLE;
            case Entry.Usable(Tenant tenant, boolean _) ->
                rejected.contains(tenant.key()) ? KeyState.REJECTED : KeyState.ACTIVE;
            case Entry.Duplicate _ -> KeyState.DUPLICATE;
            case Entry.Unreadable() -> KeyState.UNREADABLE;
        };
    }

    private sealed interface Entry {
        /** @param fresh whether the key is what its file or setting holds now, and not an earlier good one */
        record Usable(Tenant tenant, boolean fresh) implements Entry {}

        record Duplicate(ApiKey key) implements Entry {}

        record Unreadable() implements Entry {}
    }
}
