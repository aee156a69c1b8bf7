package io.cancelgateway.tenant;

import java.util.Set;
import java.util.stream.Collectors;

/**
 * The {@code tenant} tag of meters: a bounded set, so that no configuration grows the scrape without end. Which tenants
 * have a tag of their own depends on the configuration alone, so that all replicas name the same ones: the first of the
 * configured tenants, sorted by id.
 */
public class TenantTags {

    /** The tag where a request was refused before its tenant was known. */
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

    /** The tag of this tenant: its name, or {@code other} where it has no tag of its own or is not configured. */
    public String of(TenantId id) {
        return named.contains(id) ? id.value() : OTHER;
    }

    /** Decides anew, by the tenants that are configured now. */
    synchronized void update() {
        named = tenants.ids().stream()
                .filter(id -> !meansSomethingElse(id))
                .sorted()
                .limit(max)
                .collect(Collectors.toUnmodifiableSet());
    }

    private static boolean meansSomethingElse(TenantId id) {
        return id.value().equals(NONE) || id.value().equals(OTHER);
    }
}
