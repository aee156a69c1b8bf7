package io.cancelgateway.tenant;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A tenant's upstream API key. {@link #toString} never shows it. Only the code that builds an upstream request calls
 * {@link #reveal()}.
 */
public final class ApiKey {

    /**
     * Visible ASCII characters, as in a header field (RFC 9110, section 5.5), with room for keys longer than today's.
     */
    private static final Pattern FORM = Pattern.compile("[\\x21-\\x7e]{1,512}");

    static final String RULE = "must be 1 to 512 printable ASCII characters without white space inside";

    private final String value;

    private ApiKey(String value) {
        this.value = value;
    }

    /** The key in {@code text} without the white space around it, or empty if {@code text} is not a valid key. */
    public static Optional<ApiKey> parse(String text) {
        String stripped = text.strip();
        return FORM.matcher(stripped).matches() ? Optional.of(new ApiKey(stripped)) : Optional.empty();
    }

    /** The key itself, for the {@code x-api-key} header of an upstream request and for nothing else. */
    public String reveal() {
        return value;
    }

    /** {@code text} with every occurrence of this key replaced by {@code [redacted]}. */
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
