package io.cancelgateway.twelvelabs;

import java.time.Duration;

/** One go at an attempt: made, or not let through. */
sealed interface Step {

    /** The attempt was made. */
    record Made(Attempt attempt) implements Step {}

    /** All of the tenant's permits were taken for too long. */
    record BulkheadFull() implements Step {}

    /**
     * A breaker is open.
     *
     * @param retryAfter when it lets calls through again
     */
    record BreakerOpen(Duration retryAfter) implements Step {}
}
