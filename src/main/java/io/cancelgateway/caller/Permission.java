package io.cancelgateway.caller;

import java.util.Locale;

/** What a caller may do. */
enum Permission {
    /** Read batches and cancellations. */
    READ,
    /** Cancel batches. */
    CANCEL;

    /** The word in the configuration, which is also the authority in the security context. */
    String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
