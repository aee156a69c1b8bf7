package io.cancelgateway.tenant;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The {@code tenant} tag of meters: a bounded set, so that no configuration grows the scrape without end. */
public class TenantTags {

    /** The tag where a request was refused before its tenant was known. */
    public static final String NONE = "none";

    private static final String OTHER = "other";

    private final int max;
    private final Set<TenantId> named = ConcurrentHashMap.newKeySet();

    /** @param max how many tenants get a tag of their own, at least 0 */
    TenantTags(int max) {
        this.max = max;
    }

    /** The tag of a configured tenant: its name while there is room, which it then keeps, else {@code other}. */
    public String of(TenantId id) {
        if (id.value().equals(NONE) || id.value().equals(OTHER)) {
            return OTHER; // its own name would be taken for what the tag says
        }
        if (named.contains(id)) {
            return id.value();
        }
        synchronized (this) {
            return named.size() < max && named.add(id) ? id.value() : OTHER;
        }
    }
}
