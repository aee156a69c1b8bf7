package io.cancelgateway.caller;

import io.cancelgateway.problem.Problem;
import io.cancelgateway.problem.ProblemType;
import io.cancelgateway.problem.ProblemWriter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.web.filter.OncePerRequestFilter;

/** Refuses the requests of a caller beyond its limit, before anything is done for them. */
final class CallerLimitFilter extends OncePerRequestFilter {

    private static final Problem TOO_MANY = Problem.of(
                    ProblemType.TOO_MANY_REQUESTS, "This caller makes more requests in a second than it may.")
            .withRetryAfter(Duration.ofSeconds(1));

    private final CallerLimits limits;
    private final ProblemWriter writer;

    CallerLimitFilter(CallerLimits limits, ProblemWriter writer) {
        this.limits = limits;
        this.writer = writer;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        @Nullable Caller caller = AuthFailures.caller();
        if (caller == null || limits.allow(caller)) {
            chain.doFilter(request, response);
        } else {
            writer.write(request, response, TOO_MANY);
        }
    }
}
