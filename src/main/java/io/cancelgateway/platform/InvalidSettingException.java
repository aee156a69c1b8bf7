package io.cancelgateway.platform;

/** A setting that stops the start. Names the key, never the value: it may be a secret in the wrong place. */
public final class InvalidSettingException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String key;
    private final String reason;

    /**
     * @param key the configuration key as the README lists it
     * @param reason what a right value looks like, without the wrong one
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
