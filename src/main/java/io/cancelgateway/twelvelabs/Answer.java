package io.cancelgateway.twelvelabs;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The answer of {@link TwelveLabs} to one request, after all its attempts. The statuses are those of the TwelveLabs
 * API. A cancel can end in any of these, {@link TwelveLabs#retrieve} and {@link TwelveLabs#poll} in any but
 * {@link Accepted}.
 *
 * @see <a href="https://docs.twelvelabs.io/v1.3/api-reference">TwelveLabs API reference</a>
 */
public sealed interface Answer {

    /**
     * 202 to a cancel, or a cancel that was found to have been accepted.
     *
     * @param batch the batch as it was when the cancel was accepted, not its end
     */
    record Accepted(Batch batch) implements Answer {}

    /**
     * 200 to a retrieve. To a cancel: the batch is at its end already, perhaps through an attempt of
     * ours whose answer got lost.
     *
     * @param batch the batch as it is now
     */
    record Found(Batch batch) implements Answer {}

    /** 400: the upstream rejects the request as malformed. */
    record Invalid(VendorError error) implements Answer {}

    /** 404: this tenant's account has no such batch. */
    record NotFound(VendorError error) implements Answer {}

    /** 409: the batch is at its end already. The error's code says at which. */
    record AlreadyTerminal(VendorError error) implements Answer {}

    /**
     * The tenant is over its rate or its concurrency: a 429 (RFC 6585, section 4), the pause after one, or a full
     * bulkhead.
     *
     * @param retryAfter when the caller should try again; 1 s where the upstream does not say
     * @param reason which of these it was
     */
    record RateLimited(Duration retryAfter, RefusalReason reason) implements Answer {}

    /** 401 or 403: the upstream rejects the tenant's key or account. */
    record KeyRejected() implements Answer {}

    /**
     * The upstream could not be reached, failed, or sent a response that makes no sense.
     *
     * @param why what happened, for the text of an error
     * @param retryAfter what the upstream said in {@code Retry-After} (RFC 9110, section 10.2.3), or null
     */
    record Failed(String why, @Nullable Duration retryAfter) implements Answer {}

    /**
     * The tenant's breaker or the upstream's is open. The request's last attempt was not made, and possibly none.
     *
     * @param retryAfter when the breaker lets calls through again
     * @param reason which of the two it was
     */
    record Unavailable(Duration retryAfter, RefusalReason reason) implements Answer {}

    /**
     * The deadline was reached, the last attempt timed out, or the thread was interrupted. A cancel may have taken
     * effect: see {@link CancelResult#ambiguous}.
     */
    record DeadlineExceeded() implements Answer {}
}
