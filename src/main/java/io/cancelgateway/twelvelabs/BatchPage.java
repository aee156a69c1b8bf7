package io.cancelgateway.twelvelabs;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A page of batches as the upstream sent it: a JSON object with an array {@code data}.
 *
 * @param entries the elements of {@code data}
 * @param totalPages {@code page_info.total_page}, or null where it is missing or not a count
 * @param body the upstream's bytes, unchanged, for the caller; nobody may change them
 * @see <a href="https://docs.twelvelabs.io/v1.3/api-reference">TwelveLabs API reference</a>
 */
@SuppressWarnings("ArrayRecordComponent") // passed on once, never compared
public record BatchPage(List<Entry> entries, @Nullable Integer totalPages, byte[] body) implements Content {

    /**
     * One element of {@code data}, whatever it is.
     *
     * @param batch {@code batch_id}, or null where it is missing or not a batch id
     * @param status {@code status}, or null where it is missing or not a text
     */
    public record Entry(@Nullable BatchId batch, @Nullable String status) {}
}
