package io.cancelgateway.problem;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.apache.tomcat.util.http.InvalidParameterException;
import org.springframework.boot.security.autoconfigure.web.servlet.SecurityFilterProperties;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;
import org.springframework.util.StringUtils;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Refuses a query that cannot be decoded, whether the path reads it or not. Tomcat tells only the first who asks, with
 * the query in its message, and leaves out the parameter for whoever asks again. Stands before the filters that log a
 * query at DEBUG, and behind the one that counts refused cancels.
 */
@Component
@Order(SecurityFilterProperties.DEFAULT_FILTER_ORDER - 1)
class UndecodableQueryFilter extends OncePerRequestFilter {

    private final ProblemWriter writer;

    UndecodableQueryFilter(ProblemWriter writer) {
        this.writer = writer;
    }

    /** Of a form that is posted Tomcat would read the body along with the query, which no path does. */
    @Override
    protected boolean shouldNotFilter(HttpServletRequest request) {
        return HttpMethod.POST.matches(request.getMethod())
                && StringUtils.startsWithIgnoreCase(
                        request.getContentType(), MediaType.APPLICATION_FORM_URLENCODED_VALUE);
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        try {
            request.getParameterMap();
        } catch (InvalidParameterException e) {
            writer.write(request, response, Problems.of(e));
            return;
        }
        chain.doFilter(request, response);
    }
}
