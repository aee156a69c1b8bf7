package io.cancelgateway.simulator;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;

/** What the simulator does to one request instead of answering it properly. */
public sealed interface Fault {

    /** Whether the request takes effect all the same. */
    default boolean takesEffect() {
        return false;
    }

    /** Answers with this status, and nothing happens to the batch. */
    record Status(int status, Map<String, String> headers, String body) implements Fault {}

    /** Resets the connection (RST), before or after the request took effect. */
    record Reset(boolean takesEffect) implements Fault {}

    /** Never answers, before or after the request took effect. */
    record Hang(boolean takesEffect) implements Fault {}

    /** Answers properly, later. */
    record Slow(Duration delay) implements Fault {
        @Override
        public boolean takesEffect() {
            return true;
        }
    }

    /**
     * Sends the head and half of the body, then closes the connection.
     *
     * @param instead the answer that is cut off, without effect; null for the proper one
     */
    record Truncated(Status instead) implements Fault {
        @Override
        public boolean takesEffect() {
            return instead == null;
        }
    }

    /** Takes effect, and answers with these bytes. */
    record Body(int status, String contentType, byte[] bytes) implements Fault {
        @Override
        public boolean takesEffect() {
            return true;
        }
    }

    /** No fault: a place holder in a script. */
    record None() implements Fault {
        @Override
        public boolean takesEffect() {
            return true;
        }
    }

    static Fault none() {
        return new None();
    }

    /** The nested error shape of the batch operations. */
    static Fault status(int status, String code) {
        return status(status, code, Map.of());
    }

    static Fault status(int status, String code, Map<String, String> headers) {
        return new Status(
                status,
                headers,
                "{\"error\":{\"code\":\"%s\",\"message\":\"simulated %s\",\"details\":{\"a\":1}}}"
                        .formatted(code, code));
    }

    /** The flat error shape of older operations. */
    static Fault flatStatus(int status, String code, String message) {
        return new Status(status, Map.of(), "{\"code\":\"%s\",\"message\":\"%s\"}".formatted(code, message));
    }

    static Fault rateLimited(String retryAfter) {
        return status(429, "too_many_requests", Map.of("Retry-After", retryAfter));
    }

    static Fault resetBefore() {
        return new Reset(false);
    }

    static Fault resetAfter() {
        return new Reset(true);
    }

    static Fault hangBefore() {
        return new Hang(false);
    }

    static Fault hangAfter() {
        return new Hang(true);
    }

    static Fault slow(Duration delay) {
        return new Slow(delay);
    }

    static Fault truncated() {
        return new Truncated(null);
    }

    /** An error whose body breaks off. */
    static Fault truncated(int status, String code) {
        return new Truncated((Status) status(status, code));
    }

    static Fault html() {
        return body(200, "text/html", "<html><body>Service temporarily unavailable</body></html>");
    }

    /** What a proxy before the API answers. */
    static Fault html502() {
        return new Status(502, Map.of(), "<html><body>Bad Gateway</body></html>");
    }

    static Fault noStatus() {
        return body(202, "application/json", "{\"batch_id\":\"68f4ddaf8aaa60d33df0e800\",\"canceled_items\":3}");
    }

    static Fault body(int status, String contentType, String text) {
        return new Body(status, contentType, text.getBytes(StandardCharsets.UTF_8));
    }
}
