package io.cancelgateway.twelvelabs;

import org.jspecify.annotations.Nullable;

/** What became of one HTTP request sent upstream. */
sealed interface Attempt {

    /** The {@code result} tag of the attempts meter. */
    String result();

    /** Whether it may have taken effect although nobody can tell: sent, and not answered by a success or a 4xx. */
    default boolean ambiguous() {
        return switch (this) {
            case NotSent _, Success _ -> false;
            case TimedOut _, Reset _, Unreadable _ -> true;
            // 408: the upstream may have begun before it gave up waiting
            case ErrorStatus error -> error.status() / 100 != 4 || error.status() == 408;
        };
    }

    /** Whether a pooled connection had died before it could serve: a reason for a new one, at once. */
    default boolean stale() {
        return switch (this) {
            case Reset(boolean stale) -> stale;
            case NotSent(NotSent.Cause cause) -> cause == NotSent.Cause.GONE;
            default -> false;
        };
    }

    /** Whether another attempt may go better. */
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

    /** There was no connection to send it on. */
    record NotSent(Cause cause) implements Attempt {

        /** Why there was none. */
        enum Cause {
            REFUSED("connection refused"),
            UNKNOWN_HOST("unknown host"),
            NO_TLS("no TLS connection"),
            CONNECT_TIMEOUT("no connection in time"),
            /** All connections were taken for too long, by us: it says nothing about the upstream. */
            NONE_FREE("no free connection in time"),
            /** The connection was closed between being taken and being used. */
            GONE("connection closed before use"),
            /** The attempt's time was over before there was one. */
            TIMED_OUT("no connection in time"),
            OTHER("no connection");

            private final String words;

            Cause(String words) {
                this.words = words;
            }

            String words() {
                return words;
            }
        }

        /** Whether it says something about us, or about age, rather than about the upstream. */
        boolean harmless() {
            return outOfTime() || cause == Cause.GONE;
        }

        /** Whether time ran out here, rather than a connection being refused or failing there. */
        boolean outOfTime() {
            return cause == Cause.NONE_FREE || cause == Cause.TIMED_OUT;
        }

        @Override
        public String result() {
            return "connect_failed";
        }
    }

    /** Sent, and no complete answer came in time. */
    record TimedOut() implements Attempt {
        @Override
        public String result() {
            return "timeout";
        }
    }

    /**
     * Sent, and the connection ended before the answer was complete.
     *
     * @param stale whether the connection had been idle for over a second and ended without a byte of this answer: most
     *     likely the upstream had closed it meanwhile
     */
    record Reset(@Override boolean stale) implements Attempt {
        @Override
        public String result() {
            return "reset";
        }
    }

    /** A complete 2xx with a readable batch object. */
    record Success(Batch batch) implements Attempt {
        @Override
        public String result() {
            return "success";
        }
    }

    /** A complete 2xx that is not a batch object. */
    record Unreadable(int status) implements Attempt {
        @Override
        public String result() {
            return "unreadable";
        }
    }

    /**
     * Any other status.
     *
     * @param error what the body says, or null where it cannot be read
     * @param retryAfter the header as sent, or null
     * @param date the header as sent, or null
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
