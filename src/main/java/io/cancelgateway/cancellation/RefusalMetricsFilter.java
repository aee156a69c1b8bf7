package io.cancelgateway.cancellation;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Set;
import org.springframework.boot.security.autoconfigure.web.servlet.SecurityFilterProperties;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpMethod;
import org.springframework.security.web.servlet.util.matcher.PathPatternRequestMatcher;
import org.springframework.security.web.util.matcher.RequestMatcher;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Counts the cancels that never reached {@link Cancellations}: refused by the security filters, which stand behind this
 * one, or by the controller's checks. What the servlet container refuses by itself never comes here.
 */
@Component
@Order(SecurityFilterProperties.DEFAULT_FILTER_ORDER - 1)
class RefusalMetricsFilter extends OncePerRequestFilter {

    private static final String COUNTED_BY_SERVICE = RefusalMetricsFilter.class.getName() + ".countedByService";
    private static final RequestMatcher CANCEL = PathPatternRequestMatcher.withDefaults()
            .matcher(HttpMethod.POST, "/v1.3/analyze/batches/{batch_id}/cancel");
    private static final Set<Integer> REFUSED = Set.of(400, 401, 403);

    private final CancellationMetrics metrics;

    RefusalMetricsFilter(CancellationMetrics metrics) {
        this.metrics = metrics;
    }

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
        chain.doFilter(request, response);
        if (request.getAttribute(COUNTED_BY_SERVICE) == null && REFUSED.contains(response.getStatus())) {
            metrics.recordRefused();
        }
    }
}
