package io.cancelgateway.problem;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.springframework.boot.security.autoconfigure.web.servlet.SecurityFilterProperties;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.util.UriUtils;

/**
 * Answers 400 to a path that cannot be decoded. Tomcat refuses most of them, but it does not decode path parameters,
 * such as {@code ;a=%zz}. Spring does, and fails, as soon as a filter looks at the path. So this filter comes first.
 */
@Component
@Order(SecurityFilterProperties.DEFAULT_FILTER_ORDER - 3)
class UndecodablePathFilter extends OncePerRequestFilter {

    private final ProblemWriter writer;

    UndecodablePathFilter(ProblemWriter writer) {
        this.writer = writer;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        try {
            UriUtils.decode(request.getRequestURI(), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            writer.write(request, response, Problem.of(ProblemType.PARAMETER_INVALID, "The path is malformed."));
            return;
        }
        chain.doFilter(request, response);
    }
}
