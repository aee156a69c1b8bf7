package io.cancelgateway.caller;

import org.springframework.security.authentication.AbstractAuthenticationToken;
import org.springframework.security.core.authority.AuthorityUtils;

/** The credential of a request, not checked yet. {@link #toString} never shows it. */
final class Credential extends AbstractAuthenticationToken {

    private static final long serialVersionUID = 1L;

    private final transient String token;

    Credential(String token) {
        super(AuthorityUtils.NO_AUTHORITIES);
        this.token = token;
    }

    @Override
    public String getPrincipal() {
        return "unknown";
    }

    @Override
    public String getCredentials() {
        return token;
    }

    @Override
    public String toString() {
        return "Credential[hidden]";
    }
}
