package io.cancelgateway.tenant;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The id of a tenant.
 *
 * @param value 1 to 63 characters of {@code a-z}, {@code 0-9} and {@code -}
 */
public record TenantId(String value) implements Comparable<TenantId> {

    private static final Pattern FORM = Pattern.compile("[a-z0-9-]{1,63}");

    /** The form of an id, for messages. */
    public static final String RULE = "1 to 63 characters of a-z, 0-9 and -";

    /** @throws IllegalArgumentException if {@code value} does not have this form */
    public TenantId {
        if (!FORM.matcher(value).matches()) {
            throw new IllegalArgumentException("A tenant id is " + RULE);
        }
    }

    /** The tenant id in {@code text}, or empty if it is not one. */
    public static Optional<TenantId> parse(String text) {
        return FORM.matcher(text).matches() ? Optional.of(new TenantId(text)) : Optional.empty();
    }

    @Override
    public int compareTo(TenantId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
