package io.cancelgateway.caller;

import org.springframework.security.authentication.AuthenticationProvider;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.core.Authentication;

/** Authenticates a caller by the SHA-256 of its static token. */
class StaticTokenAuthenticationProvider implements AuthenticationProvider {

    private final Callers callers;

    StaticTokenAuthenticationProvider(Callers callers) {
        this.callers = callers;
    }

    @Override
    public Authentication authenticate(Authentication credential) {
        return callers.byToken(((Credential) credential).getCredentials())
                .map(CallerAuthentication::new)
                .orElseThrow(() -> new BadCredentialsException("No caller has this token"));
    }

    @Override
    public boolean supports(Class<?> authentication) {
        return Credential.class.isAssignableFrom(authentication);
    }
}
