package io.cancelgateway.problem;

import jakarta.servlet.http.HttpServletResponse;
import org.springframework.http.HttpHeaders;

/** The headers that every response has: nobody stores it, and nobody takes its body for another type than it says. */
public final class ResponseHeaders {

    private ResponseHeaders() {}

    /** Adds them to a response that is not committed. */
    public static void addTo(HttpServletResponse response) {
        response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store");
        response.setHeader("X-Content-Type-Options", "nosniff");
    }
}
