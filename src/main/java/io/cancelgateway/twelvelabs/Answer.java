package io.cancelgateway.twelvelabs;

import java.time.Duration;

/** What came of asking the upstream. */
public sealed interface Answer {

    /** The cancel was accepted; the batch is as it was at that time. */
    record Accepted(Batch batch) implements Answer {}

    /** The batch as it is now. */
    record Found(Batch batch) implements Answer {}

    /** 400: the upstream does not take the request. */
    record Invalid(VendorError error) implements Answer {}

    /** 404: no such batch in this account. */
    record NotFound(VendorError error) implements Answer {}

    /** 409: already terminal; the code tells how. */
    record AlreadyTerminal(VendorError error) implements Answer {}

    /** 429: the account is over its rate. */
    record RateLimited(Duration retryAfter) implements Answer {}

    /** 401 or 403: the tenant's key or account is refused. */
    record KeyRejected() implements Answer {}

    /** The upstream could not be reached, failed, or answered nonsense. */
    record Failed(String why) implements Answer {}

    /** No answer before the deadline, or none to the last attempt allowed. */
    record DeadlineExceeded() implements Answer {}
}
