package io.cancelgateway.twelvelabs;

import java.util.Locale;
import org.springframework.http.HttpMethod;

/** What the upstream can be asked. The path is a template: it is a meter tag too. */
enum Operation {
    CANCEL(HttpMethod.POST, "/analyze/batches/{batch_id}/cancel"),
    RETRIEVE(HttpMethod.GET, "/analyze/batches/{batch_id}");

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
