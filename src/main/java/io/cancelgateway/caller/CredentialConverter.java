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
 * Finds the credential of a request, in {@code Authorization: Bearer …} (RFC 6750, section 2.1) or in
 * {@code x-api-key: …}, the header of a TwelveLabs SDK.
 */
@Component
class CredentialConverter implements AuthenticationConverter {

    private static final String API_KEY = "x-api-key";
    private static final String BEARER = "bearer ";

    /**
     * The credential, or null if the request has none.
     *
     * @throws CredentialConflictException if the request has two different ones
     * @throws BadCredentialsException if {@code Authorization} has a scheme other than {@code Bearer}
     */
    @Override
    public @Nullable Credential convert(HttpServletRequest request) {
        // a header may occur several times, and both headers may hold the same credential
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
            throw new BadCredentialsException("The Authorization header has a scheme other than Bearer");
        }
        return distinct.isEmpty() ? null : new Credential(distinct.iterator().next());
    }

    /** An empty header counts as not sent: an SDK without a key sends one. */
    private static List<String> values(HttpServletRequest request, String header) {
        List<String> values = new ArrayList<>();
        for (String value : Collections.list(request.getHeaders(header))) {
            if (!value.isBlank() && !value.strip().equalsIgnoreCase(BEARER.strip())) {
                values.add(value.strip());
            }
        }
        return values;
    }

    /** Two different credentials in one request: it is not known which caller is meant. */
    static final class CredentialConflictException extends AuthenticationException {

        private static final long serialVersionUID = 1L;

        CredentialConflictException() {
            super("Two different credentials in one request");
        }
    }
}
