package io.cancelgateway.twelvelabs;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The id of a batch: {@code ^[0-9a-fA-F]{24}$} (TwelveLabs API reference). Ids that differ only in case are equal, as
 * they name one batch.
 *
 * @param value 24 hex digits, as the caller wrote them; they are sent upstream like this
 * @see <a href="https://docs.twelvelabs.io/v1.3/api-reference">TwelveLabs API reference</a>
 */
public record BatchId(String value) {

    private static final Pattern FORM = Pattern.compile("[0-9a-fA-F]{24}");

    /** @throws IllegalArgumentException if {@code value} is not 24 hex digits */
    public BatchId {
        if (!FORM.matcher(value).matches()) {
            throw new IllegalArgumentException("A batch id is 24 hex digits");
        }
    }

    /** The batch id in {@code text}, or empty where it is not one. */
    public static Optional<BatchId> parse(String text) {
        return FORM.matcher(text).matches() ? Optional.of(new BatchId(text)) : Optional.empty();
    }

    /** The id in lower case: one spelling for each batch, to compare it and to store it by. */
    public String canonical() {
        return value.toLowerCase(Locale.ROOT);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof BatchId id && canonical().equals(id.canonical());
    }

    @Override
    public int hashCode() {
        return canonical().hashCode();
    }

    /** The id as the caller wrote it. */
    @Override
    public String toString() {
        return value;
    }
}
