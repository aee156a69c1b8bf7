package io.cancelgateway.problem;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.apache.tomcat.util.http.InvalidParameterException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.security.autoconfigure.web.servlet.SecurityFilterProperties;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;
import org.springframework.util.StringUtils;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.util.UriUtils;

/**
 * Answers 400 to a query that cannot be decoded, even if the path does not read it. Tomcat throws only at the first
 * access to a parameter, with the query in the message. Later accesses leave the parameter out without an error. This
 * filter runs before the filters that log a query at DEBUG, and after the one that counts refused cancels.
 */
@Component
@Order(SecurityFilterProperties.DEFAULT_FILTER_ORDER - 1)
class UndecodableQueryFilter extends OncePerRequestFilter {

    private final ProblemWriter writer;

    UndecodableQueryFilter(ProblemWriter writer) {
        this.writer = writer;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        try {
            if (isPostedForm(request)) {
                // Tomcat would read the body along with the query, and no path reads a form
                decode(request.getQueryString());
            } else {
                request.getParameterMap();
            }
        } catch (InvalidParameterException e) {
            writer.write(request, response, Problems.of(e));
            return;
        } catch (IllegalArgumentException | CharacterCodingException e) {
            writer.write(request, response, Problems.undecodableQuery());
            return;
        }
        chain.doFilter(request, response);
    }

    private static boolean isPostedForm(HttpServletRequest request) {
        return HttpMethod.POST.matches(request.getMethod())
                && StringUtils.startsWithIgnoreCase(
                        request.getContentType(), MediaType.APPLICATION_FORM_URLENCODED_VALUE);
    }

    private static void decode(@Nullable String query) throws CharacterCodingException {
        if (query != null) {
            String bytes = UriUtils.decode(query, StandardCharsets.ISO_8859_1);
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes.getBytes(StandardCharsets.ISO_8859_1)));
        }
    }
}
