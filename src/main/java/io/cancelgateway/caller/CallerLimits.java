package io.cancelgateway.caller;

import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Bounds how many requests each caller may make in a second, where a limit is configured. Each replica counts for
 * itself. Safe for use by many threads.
 */
@Component
class CallerLimits {

    private final Map<String, RateLimiter> limiters = new HashMap<>();

    CallerLimits(Callers callers) {
        for (Caller caller : callers.all()) {
            @Nullable Integer limit = caller.maxRequestsPerSecond();
            if (limit != null) {
                limiters.put(
                        caller.name(),
                        RateLimiter.of(
                                caller.name(),
                                RateLimiterConfig.custom()
                                        .limitForPeriod(limit)
                                        .limitRefreshPeriod(Duration.ofSeconds(1))
                                        .timeoutDuration(Duration.ZERO)
                                        .build()));
            }
        }
    }

    /** Whether this caller may make one more request now. If so, the request is counted. */
    boolean allow(Caller caller) {
        @Nullable RateLimiter limiter = limiters.get(caller.name());
        return limiter == null || limiter.acquirePermission();
    }
}
