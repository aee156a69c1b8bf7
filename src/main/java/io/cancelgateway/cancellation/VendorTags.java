package io.cancelgateway.cancellation;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** A meter's tag from the vendor's own words: the first few of them, so that new words do not grow the scrape. */
final class VendorTags {

    private static final String UNKNOWN = "unknown";
    private static final String OTHER = "other";

    private final int max;
    private final Set<String> named = ConcurrentHashMap.newKeySet();

    /** @param max how many words get a tag of their own */
    VendorTags(int max) {
        this.max = max;
    }

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
