package io.cancelgateway.twelvelabs;

import java.util.Locale;

/**
 * A cancel that was refused before anything was done for it.
 *
 * @param answer what the caller is told
 */
public record DoorRefusal(Reason reason, Answer answer) {

    /** Why nothing can be sent now. */
    public enum Reason {
        /** The upstream told the tenant to wait for longer than the deadline leaves. */
        PAUSED,
        /** The tenant's breaker is open. */
        TENANT_BREAKER,
        /** The upstream's breaker is open. */
        UPSTREAM_BREAKER,
        /** All of the tenant's permits are taken, and as many calls wait for one already. */
        BULKHEAD;

        /** The reason in log lines and meter tags. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
