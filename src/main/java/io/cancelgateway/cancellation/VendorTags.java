package io.cancelgateway.cancellation;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** A meter tag from the vendor's words. Only the first of them have a tag of their own: this limits the series. */
final class VendorTags {

    private static final String UNKNOWN = "unknown";
    private static final String OTHER = "other";

    private final int max;
    private final Set<String> named = ConcurrentHashMap.newKeySet();

    /** @param max how many words get a tag of their own */
    VendorTags(int max) {
        this.max = max;
    }

    /** The tag of this word: itself, {@code other} if it came too late, or {@code unknown} for null. */
    String of(@Nullable String word) {
        if (word == null) {
            return UNKNOWN;
        }
        if (named.contains(word)) {
            return word;
        }
        synchronized (this) {
            return named.size() < max && named.add(word) ? word : OTHER;
        }
    }
}
