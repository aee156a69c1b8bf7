package io.cancelgateway.twelvelabs;

import java.time.Duration;

/** One go at an attempt: made, or not let through. */
sealed interface Step {

    /** The attempt was made. */
    record Made(Attempt attempt) implements Step {}

    /** The tenant was paused while it waited for a permit. */
    record Paused() implements Step {}

    /** All of the tenant's permits were taken for too long. */
    record BulkheadFull() implements Step {}

    /**
     * A breaker is open.
     *
     * @param retryAfter when it lets calls through again
     */
    record BreakerOpen(Duration retryAfter) implements Step {}
}
