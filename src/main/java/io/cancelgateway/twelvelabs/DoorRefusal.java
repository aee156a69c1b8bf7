package io.cancelgateway.twelvelabs;

import java.util.Locale;

/**
 * A cancel that was refused at once, before anything was written down or sent, because nothing can be sent now.
 *
 * @param reason why it was refused
 * @param answer the answer for the caller: {@link Answer.RateLimited} for {@link Reason#PAUSED} and
 *     {@link Reason#BULKHEAD}, {@link Answer.Unavailable} for the two breakers
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
        /** All of the tenant's permits are taken, and as many calls wait for one. */
        BULKHEAD;

        /** The reason in lower case, for log lines and meter tags. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
