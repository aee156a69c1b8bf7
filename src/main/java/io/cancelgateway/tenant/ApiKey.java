package io.cancelgateway.tenant;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.regex.Pattern;

/** A tenant's upstream API key. It never prints; {@link #reveal()} is called where the upstream request is built. */
public final class ApiKey {

    /** What fits a header field as one token (RFC 9110, section 5.5), with room for longer keys than today's. */
    private static final Pattern FORM = Pattern.compile("[\\x21-\\x7e]{1,512}");

    static final String RULE = "must be 1 to 512 printable ASCII characters without white space inside";

    private final String value;

    private ApiKey(String value) {
        this.value = value;
    }

    /** The key that {@code text} holds, white space around it cut, or empty where it holds none. */
    public static Optional<ApiKey> parse(String text) {
        String stripped = text.strip();
        return FORM.matcher(stripped).matches() ? Optional.of(new ApiKey(stripped)) : Optional.empty();
    }

    /** The key itself, for the {@code x-api-key} header of an upstream request and for nothing else. */
    public String reveal() {
        return value;
    }

    /** {@code text} with this key taken out, should somebody have put it in. */
    public String redactFrom(String text) {
        return text.replace(value, "[redacted]");
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ApiKey key && MessageDigest.isEqual(bytes(), key.bytes());
    }

    @Override
    public int hashCode() {
        return value.hashCode();
    }

    private byte[] bytes() {
        return value.getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public String toString() {
        return "ApiKey[hidden]";
    }
}
