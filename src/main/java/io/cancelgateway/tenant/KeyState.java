package io.cancelgateway.tenant;

import java.util.Locale;

/** The state of a tenant's key. A key is in one state at a time. */
public enum KeyState {
    /** Usable, and not refused by the upstream. */
    ACTIVE,
    /** Usable, but the upstream refused the key or its account the last time. It is still sent. */
    REJECTED,
    /** Equal to another tenant's key. Neither is used until each tenant has a key of its own. */
    DUPLICATE,
    /** The file is unreadable, empty or malformed. The last good key, if there is one, is still used. */
    UNREADABLE;

    /** The word in meter tags. */
    public String tag() {
        return name().toLowerCase(Locale.ROOT);
    }
}
