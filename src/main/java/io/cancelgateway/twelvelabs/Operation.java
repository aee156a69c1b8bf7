package io.cancelgateway.twelvelabs;

import java.util.Locale;
import org.springframework.http.HttpMethod;

/**
 * An operation of the upstream's API. Its path is a template, so that it can be a meter tag.
 *
 * @see <a href="https://docs.twelvelabs.io/v1.3/api-reference">TwelveLabs API reference</a>
 */
enum Operation {
    CANCEL(HttpMethod.POST, "/analyze/batches/{batch_id}/cancel"),
    RETRIEVE(HttpMethod.GET, "/analyze/batches/{batch_id}"),
    LIST(HttpMethod.GET, "/analyze/batches");

    private final HttpMethod method;
    private final String path;

    Operation(HttpMethod method, String path) {
        this.method = method;
        this.path = path;
    }

    HttpMethod method() {
        return method;
    }

    String path() {
        return path;
    }

    String tag() {
        return name().toLowerCase(Locale.ROOT);
    }
}
