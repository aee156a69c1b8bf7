package io.cancelgateway.twelvelabs;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** How one HTTP request to the upstream ended. */
sealed interface Attempt {

    /** Every {@link #result}. */
    List<String> RESULTS = List.of("success", "3xx", "4xx", "5xx", "unreadable", "timeout", "reset", "connect_failed");

    /** The {@code result} tag of the attempts meter. */
    String result();

    /**
     * Whether the request may have taken effect unnoticed: it was sent, and was answered neither by a readable success
     * nor by a 4xx other than 408.
     */
    default boolean ambiguous() {
        return switch (this) {
            case NotSent _, Success _ -> false;
            case TimedOut _, Reset _, Unreadable _ -> true;
            // 408: the upstream may have begun to work on it (RFC 9110, section 15.5.9)
            case ErrorStatus error -> error.status() / 100 != 4 || error.status() == 408;
        };
    }

    /** Whether its pooled connection had died while it was idle. Such an attempt is repeated at once, on a new one. */
    default boolean stale() {
        return switch (this) {
            case Reset(boolean stale) -> stale;
            case NotSent(NotSent.Cause cause) -> cause == NotSent.Cause.CLOSED_BEFORE_USE;
            default -> false;
        };
    }

    /** Whether another attempt may succeed: transient failures only. */
    default boolean retryable() {
        return switch (this) {
            case NotSent _, TimedOut _, Reset _ -> true;
            case Success _, Unreadable _ -> false;
            case ErrorStatus error ->
                switch (error.status()) {
                    case 408, 429, 500, 502, 503, 504 -> true;
                    default -> false;
                };
        };
    }

    /** Not sent: there was no connection to send it on. */
    record NotSent(Cause cause) implements Attempt {

        /** Why there was no connection. */
        enum Cause {
            CONNECTION_REFUSED("connection refused"),
            UNKNOWN_HOST("unknown host"),
            TLS_FAILED("no TLS connection"),
            /** The proxy refused, or did not answer in time, or is not one. */
            PROXY_FAILED("no connection by way of the proxy"),
            CONNECT_TIMEOUT("no connection in time"),
            /** Our own attempts held all connections for too long. This says nothing about the upstream. */
            POOL_EXHAUSTED("no free connection in time"),
            /** The pooled connection was closed between being taken and being used. */
            CLOSED_BEFORE_USE("connection closed before use"),
            /** The attempt's time was over, or its thread was interrupted, before there was a connection. */
            ATTEMPT_TIMEOUT("no connection in time"),
            OTHER("no connection");

            private final String description;

            Cause(String description) {
                this.description = description;
            }

            /** For the text of an error. */
            String description() {
                return description;
            }
        }

        /** Whether the upstream could not be connected to. Our own lack of time or connections is not meant. */
        boolean connectionFailure() {
            return !localTimeout() && cause != Cause.CLOSED_BEFORE_USE;
        }

        /** Whether time ran out on our side, before the upstream could refuse a connection or fail to answer. */
        boolean localTimeout() {
            return cause == Cause.POOL_EXHAUSTED || cause == Cause.ATTEMPT_TIMEOUT;
        }

        @Override
        public String result() {
            return "connect_failed";
        }
    }

    /** Sent, but no complete response came in time. */
    record TimedOut() implements Attempt {
        @Override
        public String result() {
            return "timeout";
        }
    }

    /**
     * Sent, but the connection ended before the response was complete.
     *
     * @param stale whether the connection had been idle for over a second and ended without a byte of this response:
     *     most likely the upstream had closed it in the meantime
     */
    record Reset(@Override boolean stale) implements Attempt {
        @Override
        public String result() {
            return "reset";
        }
    }

    /** A complete 2xx with what was asked for, readable: a batch object, or a page of them. */
    record Success(Content content) implements Attempt {
        @Override
        public String result() {
            return "success";
        }
    }

    /** A complete 2xx that is not what was asked for. */
    record Unreadable(int status) implements Attempt {
        @Override
        public String result() {
            return "unreadable";
        }
    }

    /**
     * Any other status.
     *
     * @param error the error in the body, or null where it cannot be read
     * @param retryAfter the {@code Retry-After} header as sent, or null
     * @param date the {@code Date} header as sent, or null
     */
    record ErrorStatus(
            int status,
            @Nullable VendorError error,
            @Nullable String retryAfter,
            @Nullable String date) implements Attempt {
        @Override
        public String result() {
            return status >= 100 && status <= 599 ? status / 100 + "xx" : "unreadable";
        }
    }
}
