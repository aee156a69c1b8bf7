package io.cancelgateway.cancellation;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.boot.security.autoconfigure.web.servlet.SecurityFilterProperties;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpMethod;
import org.springframework.security.web.servlet.util.matcher.PathPatternRequestMatcher;
import org.springframework.security.web.util.matcher.OrRequestMatcher;
import org.springframework.security.web.util.matcher.RequestMatcher;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Counts the cancels that never reach {@link Cancellations}: the filters after this one or the controller's checks
 * refused them, or they failed on the way. Requests that the servlet container refuses do not reach this filter, nor do
 * those whose path cannot be decoded.
 */
@Component
@Order(SecurityFilterProperties.DEFAULT_FILTER_ORDER - 2) // before the filters that refuse, but for undecodable paths
class RefusalMetricsFilter extends OncePerRequestFilter {

    private static final String COUNTED_BY_SERVICE = RefusalMetricsFilter.class.getName() + ".countedByService";
    private static final RequestMatcher CANCEL =
            new OrRequestMatcher(post("/v1.3/analyze/batches/{batch_id}/cancel"), post(BulkController.PATH));

    private final CancellationMetrics metrics;

    RefusalMetricsFilter(CancellationMetrics metrics) {
        this.metrics = metrics;
    }

    private static RequestMatcher post(String path) {
        return PathPatternRequestMatcher.withDefaults().matcher(HttpMethod.POST, path);
    }

    /** Tells this filter that {@link Cancellations} counts the request. */
    static void leaveCountingToService(HttpServletRequest request) {
        request.setAttribute(COUNTED_BY_SERVICE, true);
    }

    @Override
    protected boolean shouldNotFilter(HttpServletRequest request) {
        return !CANCEL.matches(request);
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        int status = 500; // if the chain throws, the error dispatch answers 500
        try {
            chain.doFilter(request, response);
            status = response.getStatus();
        } finally {
            if (request.getAttribute(COUNTED_BY_SERVICE) == null && status >= 400) {
                metrics.record(Outcome.ofStatus(status));
            }
        }
    }
}
