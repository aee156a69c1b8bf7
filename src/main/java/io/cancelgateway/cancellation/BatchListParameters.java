package io.cancelgateway.cancellation;

import io.cancelgateway.problem.ProblemException;
import io.cancelgateway.twelvelabs.BatchQuery;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the parameters of a request for a list of batches. Their names are the upstream's. What a value may be is left
 * to the upstream, which may know more statuses than we do.
 */
final class BatchListParameters {

    private static final List<String> NAMES = List.of("page", "page_limit", "status", "analysis_mode");

    private BatchListParameters() {}

    /** @throws ProblemException {@code parameter_invalid} if one is unknown, or one that is single is given twice */
    static BatchQuery of(HttpServletRequest request) {
        // the upstream might ignore a misspelled filter, and show too many batches
        for (String name : Collections.list(request.getParameterNames())) {
            if (!NAMES.contains(name)) {
                throw Requests.malformed(
                        "A parameter is unknown; there are only these: " + String.join(", ", NAMES) + ".");
            }
        }
        return new BatchQuery(
                single(request, "page"),
                single(request, "page_limit"),
                all(request, "status"),
                all(request, "analysis_mode"));
    }

    private static @Nullable String single(HttpServletRequest request, String name) {
        List<String> values = all(request, name);
        if (values.size() > 1) {
            throw Requests.malformed("The parameter " + name + " is given more than once.");
        }
        return values.isEmpty() ? null : values.getFirst();
    }

    private static List<String> all(HttpServletRequest request, String name) {
        String @Nullable [] values = request.getParameterValues(name);
        return values == null ? List.of() : List.of(values);
    }
}
