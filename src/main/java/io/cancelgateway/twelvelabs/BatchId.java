package io.cancelgateway.twelvelabs;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Names a batch. It is sent upstream as given, and is one batch whatever its case.
 *
 * @param value 24 hex digits, as the caller wrote them
 */
public record BatchId(String value) {

    private static final Pattern FORM = Pattern.compile("[0-9a-fA-F]{24}");

    public BatchId {
        if (!FORM.matcher(value).matches()) {
            throw new IllegalArgumentException("A batch id is 24 hex digits");
        }
    }

    /** The id that {@code text} spells, or empty where it is not one. */
    public static Optional<BatchId> parse(String text) {
        return FORM.matcher(text).matches() ? Optional.of(new BatchId(text)) : Optional.empty();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof BatchId id && value.equalsIgnoreCase(id.value);
    }

    @Override
    public int hashCode() {
        return value.toLowerCase(Locale.ROOT).hashCode();
    }

    @Override
    public String toString() {
        return value;
    }
}
