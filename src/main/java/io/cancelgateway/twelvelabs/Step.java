package io.cancelgateway.twelvelabs;

import java.time.Duration;

/** One step of a call: the attempt that was made, or the reason why none was. */
sealed interface Step {

    /** The attempt was made. */
    record Made(Attempt attempt) implements Step {}

    /** No attempt was made, and nothing was sent. */
    sealed interface NotMade extends Step {}

    /**
     * The upstream told this tenant to wait.
     *
     * @param left how long calls of this tenant still have to wait; capped
     * @param retryAfter what is left of the wait that the upstream asked for; not capped
     */
    record Paused(Duration left, Duration retryAfter) implements NotMade {}

    /** The call got none of the tenant's permits. */
    record BulkheadFull() implements NotMade {}

    /**
     * The tenant's breaker or the upstream's breaker is open.
     *
     * @param retryAfter when the breaker lets calls through again
     * @param reason which of the two it is
     */
    record BreakerOpen(Duration retryAfter, RefusalReason reason) implements NotMade {}

    /** The call's deadline was reached before it. */
    record OutOfTime() implements NotMade {}
}
