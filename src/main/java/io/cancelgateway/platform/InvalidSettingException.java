package io.cancelgateway.platform;

/** An invalid setting, which stops the start. It names the key, never the value: that may be a misplaced secret. */
public final class InvalidSettingException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String key;
    private final String reason;

    /**
     * @param key the configuration key, as docs/CONFIGURATION.md lists it
     * @param reason what a valid value looks like, to follow "it", such as "must be …"; without the invalid value
     */
    public InvalidSettingException(String key, String reason) {
        super(key + " " + reason);
        this.key = key;
        this.reason = reason;
    }

    String key() {
        return key;
    }

    String reason() {
        return reason;
    }
}
