package io.cancelgateway.twelvelabs;

import java.util.Locale;

/** Why a call was refused for load or for trouble, here or by the upstream. */
public enum RefusalReason {
    /** All of the tenant's permits are taken, and as many calls wait for one, or this one waited in vain. */
    BULKHEAD,
    /** The upstream told the tenant to wait, and the wait is not over. */
    PAUSED,
    /** The upstream answered 429 to this call (RFC 6585, section 4). */
    UPSTREAM_429,
    /** The tenant's breaker is open. */
    TENANT_BREAKER,
    /** The upstream's breaker is open. */
    UPSTREAM_BREAKER;

    /** The reason in lower case, for log lines and meter tags. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
