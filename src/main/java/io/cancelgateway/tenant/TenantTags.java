package io.cancelgateway.tenant;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The {@code tenant} tag of meters. The number of its values is bounded, so that the number of series is, too. The
 * first of the configured tenants, sorted by id, have a tag of their own. This depends on the configuration alone, so
 * that all replicas choose the same tenants.
 */
public class TenantTags {

    /** The tag of a request that was refused before its tenant was known. */
    public static final String NONE = "none";

    private static final String OTHER = "other";

    private final Tenants tenants;
    private final int max;

    private volatile Set<TenantId> named = Set.of();

    /** @param max how many tenants get a tag of their own, at least 0 */
    TenantTags(Tenants tenants, int max) {
        this.tenants = tenants;
        this.max = max;
    }

    /** The tag of this tenant: its id, or {@code other} if it has no tag of its own or is not configured. */
    public String of(TenantId id) {
        return named.contains(id) ? id.value() : OTHER;
    }

    /** Every tag that {@link #of} returns now. */
    public Set<String> all() {
        return Stream.concat(named().stream(), Stream.of(OTHER)).collect(Collectors.toSet());
    }

    /** The tags of all tenants that have one of their own. */
    Set<String> named() {
        return named.stream().map(TenantId::value).collect(Collectors.toSet());
    }

    /** Chooses the tenants with a tag of their own again, from those that are configured now. */
    synchronized void update() {
        named = tenants.ids().stream()
                .filter(id -> !isReserved(id.value()))
                .sorted()
                .limit(max)
                .collect(Collectors.toUnmodifiableSet());
    }

    /** Whether this tag is no tenant's. */
    static boolean isReserved(String tag) {
        return tag.equals(NONE) || tag.equals(OTHER);
    }
}
