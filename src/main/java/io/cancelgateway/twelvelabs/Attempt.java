package io.cancelgateway.twelvelabs;

import org.jspecify.annotations.Nullable;

/** What became of one HTTP request sent upstream. */
sealed interface Attempt {

    /** The {@code result} tag of the attempts meter. */
    String result();

    /** There was no connection to send it on: refused, no such host, no TLS, no free connection in time. */
    record NotSent(String why) implements Attempt {
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

    /** Sent, and the connection ended before the answer was complete. */
    record Reset(String why) implements Attempt {
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
    record Refused(
            int status,
            @Nullable VendorError error,
            @Nullable String retryAfter,
            @Nullable String date) implements Attempt {
        @Override
        public String result() {
            return status / 100 + "xx";
        }
    }
}
