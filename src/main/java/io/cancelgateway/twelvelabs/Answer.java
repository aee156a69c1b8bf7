package io.cancelgateway.twelvelabs;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What came of asking the upstream. */
public sealed interface Answer {

    /** The cancel was accepted, and the batch is not at its end yet. */
    record Accepted(Batch batch) implements Answer {}

    /** The batch as it is now: what was asked for, or the end of a cancel that was found out. */
    record Found(Batch batch) implements Answer {}

    /** 400: the upstream does not take the request. */
    record Invalid(VendorError error) implements Answer {}

    /** 404: no such batch in this account. */
    record NotFound(VendorError error) implements Answer {}

    /** 409: already terminal; the code tells how. */
    record AlreadyTerminal(VendorError error) implements Answer {}

    /** The tenant is over its rate (429, or the pause after one) or its concurrency. */
    record RateLimited(Duration retryAfter) implements Answer {}

    /** 401 or 403: the tenant's key or account is refused. */
    record KeyRejected() implements Answer {}

    /**
     * The upstream could not be reached, failed, or answered nonsense.
     *
     * @param retryAfter what the upstream said about when to come back, or null
     */
    record Failed(String why, @Nullable Duration retryAfter) implements Answer {}

    /** A breaker is open: the upstream is not asked for now. */
    record Unavailable(Duration retryAfter) implements Answer {}

    /** No answer before the deadline, or none to the last attempt allowed. */
    record DeadlineExceeded() implements Answer {}
}
