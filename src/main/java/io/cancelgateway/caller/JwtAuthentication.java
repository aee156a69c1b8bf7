package io.cancelgateway.caller;

import com.nimbusds.jose.jwk.source.RateLimitReachedException;
import com.nimbusds.jwt.SignedJWT;
import java.text.ParseException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.security.authentication.AuthenticationProvider;
import org.springframework.security.authentication.AuthenticationServiceException;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.core.Authentication;
import org.springframework.security.oauth2.jwt.BadJwtException;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtException;

/** Authenticates a caller by a JWT (RFC 7519), whose subject names it. */
final class JwtAuthentication implements AuthenticationProvider {

    /** Three parts in base64url (RFC 7515, section 7.1). What has another form needs no key. */
    private static final Pattern FORM = Pattern.compile("[\\w-]+\\.[\\w-]+\\.[\\w-]+");

    private static final int MAX_LENGTH = 6144;

    private final JwtDecoder decoder;
    private final @Nullable JwkSetRetrieval retrieval;
    private final Callers callers;

    /** @param retrieval where the decoder's keys come from, or null if it has one for good */
    JwtAuthentication(JwtDecoder decoder, @Nullable JwkSetRetrieval retrieval, Callers callers) {
        this.decoder = decoder;
        this.retrieval = retrieval;
        this.callers = callers;
    }

    /**
     * @throws BadCredentialsException if this is no JWT, or not one of a caller's
     * @throws IdentityUnavailableException if the key is needed that signed it, and cannot be got
     */
    @Override
    public Authentication authenticate(Authentication credential) {
        String token = ((Credential) credential).getCredentials();
        if (token.length() > MAX_LENGTH || !FORM.matcher(token).matches()) {
            throw new BadCredentialsException("No JWT");
        }
        String subject = decode(token).getSubject();
        return callers.bySubject(subject == null ? "" : subject)
                .map(CallerAuthentication::new)
                .orElseThrow(() -> new BadCredentialsException("No caller has this subject"));
    }

    private Jwt decode(String token) {
        try {
            return decoder.decode(token);
        } catch (BadJwtException e) {
            // perhaps only because its key could not be got
            if (retrieval != null && retrieval.failed() && !retrieval.knows(keyId(token))) {
                throw new IdentityUnavailableException(e);
            }
            throw new BadCredentialsException("Bad JWT", e);
        } catch (JwtException e) {
            // its key is not among those that were just got, and they are not got again for each such token
            if (isCausedBy(RateLimitReachedException.class, e) && retrieval != null && !retrieval.failed()) {
                throw new BadCredentialsException("Unknown key", e);
            }
            throw new IdentityUnavailableException(e);
        }
    }

    /** The id of the key that signed it (RFC 7515, section 4.1.4). */
    private static @Nullable String keyId(String token) {
        try {
            return SignedJWT.parse(token).getHeader().getKeyID();
        } catch (ParseException e) {
            throw new BadCredentialsException("Bad JWT", e); // such as one that is not signed
        }
    }

    private static boolean isCausedBy(Class<? extends Throwable> type, Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (type.isInstance(cause)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean supports(Class<?> authentication) {
        return Credential.class.isAssignableFrom(authentication);
    }

    /** The identity provider cannot be reached, and the key is not cached. */
    static final class IdentityUnavailableException extends AuthenticationServiceException {

        private static final long serialVersionUID = 1L;

        private IdentityUnavailableException(Throwable cause) {
            super("The keys of the identity provider cannot be got", cause);
        }
    }
}
