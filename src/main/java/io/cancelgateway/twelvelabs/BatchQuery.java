package io.cancelgateway.twelvelabs;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which batches to list. The values are the caller's own text. They are sent as they are, so that the upstream decides
 * what they mean, and answers 400 to what it does not know.
 *
 * @param page the number of the page, from 1, or null for the upstream's default
 * @param pageLimit how many batches a page has, or null for the upstream's default
 * @param statuses batches with any of these statuses, or all where it is empty
 * @param analysisModes batches with any of these analysis modes, or all where it is empty
 * @see <a href="https://docs.twelvelabs.io/v1.3/api-reference">TwelveLabs API reference</a>
 */
public record BatchQuery(
        @Nullable String page, @Nullable String pageLimit, List<String> statuses, List<String> analysisModes) {

    public BatchQuery {
        statuses = List.copyOf(statuses);
        analysisModes = List.copyOf(analysisModes);
    }

    /** The values by the names that the upstream knows. */
    Map<String, List<String>> parameters() {
        Map<String, List<String>> parameters = new LinkedHashMap<>();
        parameters.put("page", page == null ? List.of() : List.of(page));
        parameters.put("page_limit", pageLimit == null ? List.of() : List.of(pageLimit));
        parameters.put("status", statuses);
        parameters.put("analysis_mode", analysisModes);
        return parameters;
    }
}
