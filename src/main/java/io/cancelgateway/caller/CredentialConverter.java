package io.cancelgateway.caller;

import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.web.authentication.AuthenticationConverter;
import org.springframework.stereotype.Component;

/**
 * Finds the credential: {@code Authorization: Bearer …} (RFC 6750, section 2.1) or {@code x-api-key: …}, which is what a
 * TwelveLabs SDK sends.
 */
@Component
class CredentialConverter implements AuthenticationConverter {

    private static final String API_KEY = "x-api-key";
    private static final String BEARER = "bearer ";

    @Override
    public @Nullable Credential convert(HttpServletRequest request) {
        // a header may come several times, and both may bring the same credential
        Set<String> distinct = new LinkedHashSet<>();
        boolean otherScheme = false;
        for (String value : values(request, HttpHeaders.AUTHORIZATION)) {
            if (value.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
                distinct.add(value.substring(BEARER.length()).strip());
            } else {
                otherScheme = true;
                distinct.add(value);
            }
        }
        distinct.addAll(values(request, API_KEY));
        if (distinct.size() > 1) {
            throw new CredentialConflictException();
        }
        if (otherScheme) {
            throw new BadCredentialsException("The Authorization header is of another scheme than Bearer");
        }
        return distinct.isEmpty() ? null : new Credential(distinct.iterator().next());
    }

    /** What is empty counts as not sent: an SDK without a key sends an empty header. */
    private static List<String> values(HttpServletRequest request, String header) {
        List<String> values = new ArrayList<>();
        for (String value : Collections.list(request.getHeaders(header))) {
            if (!value.isBlank() && !value.strip().equalsIgnoreCase(BEARER.strip())) {
                values.add(value.strip());
            }
        }
        return values;
    }

    /** Two different credentials: whichever was taken, the other's owner would be surprised. */
    static final class CredentialConflictException extends AuthenticationException {

        private static final long serialVersionUID = 1L;

        CredentialConflictException() {
            super("Two different credentials in one request");
        }
    }
}
