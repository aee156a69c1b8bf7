package io.cancelgateway.tenant;

import java.util.Locale;

/** What a tenant's key is good for. */
public enum KeyState {
    /** Sent upstream. */
    ACTIVE,
    /** Sent upstream, which refused the key or its account the last time. */
    REJECTED,
    /** Equal to another tenant's: neither is used until that is repaired. */
    DUPLICATE,
    /** The file is unreadable, empty or malformed, and there is no earlier key to keep. */
    UNREADABLE;

    /** The meter tag. */
    public String tag() {
        return name().toLowerCase(Locale.ROOT);
    }
}
