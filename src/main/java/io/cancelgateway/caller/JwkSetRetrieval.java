package io.cancelgateway.caller;

import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSetCacheRefreshEvaluator;
import com.nimbusds.jose.jwk.source.JWKSetParseException;
import com.nimbusds.jose.jwk.source.JWKSetSource;
import com.nimbusds.jose.jwk.source.JWKSetUnavailableException;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.JSONObjectUtils;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.ParseException;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.http.HttpHeaders;
import org.springframework.web.client.RestClient;

/**
 * Gets the JWK set of the identity provider: from a file, from its address, or from the address that the issuer's
 * metadata names (OpenID Connect Discovery 1.0, section 4).
 */
final class JwkSetRetrieval implements JWKSetSource<SecurityContext> {

    private static final Logger log = LoggerFactory.getLogger(JwkSetRetrieval.class);

    private static final int MAX_BYTES = 1 << 20;

    private final Text source;

    private volatile boolean failed;
    private volatile JWKSet known = new JWKSet();

    /** Where the JSON of the JWK set comes from. */
    private interface Text {
        String get() throws IOException, ParseException;
    }

    private JwkSetRetrieval(Text source) {
        this.source = source;
    }

    static JwkSetRetrieval fromFile(Path file) {
        return new JwkSetRetrieval(() -> Files.readString(file));
    }

    /** @param bearerTokenFile holds the token to ask with, or null to ask without one */
    static JwkSetRetrieval fromAddress(RestClient client, String address, @Nullable Path bearerTokenFile) {
        return new JwkSetRetrieval(() -> get(client, address, bearerTokenFile));
    }

    /** As {@link #fromAddress}, with the address that the issuer's metadata names. Both are asked with the token. */
    static JwkSetRetrieval fromIssuer(RestClient client, String issuer, @Nullable Path bearerTokenFile) {
        String metadata = issuer.replaceFirst("/$", "") + "/.well-known/openid-configuration";
        return new JwkSetRetrieval(() -> {
            Map<String, Object> found = JSONObjectUtils.parse(get(client, metadata, bearerTokenFile));
            if (!(found.get("jwks_uri") instanceof String address)) {
                throw new UnusableAnswerException("The issuer's metadata has no jwks_uri");
            }
            return get(client, address, bearerTokenFile);
        });
    }

    /**
     * The body is not left to the client to judge: its exceptions quote it, and a server may answer with the token that
     * it was sent.
     */
    private static String get(RestClient client, String address, @Nullable Path bearerTokenFile) throws IOException {
        RestClient.RequestHeadersSpec<?> request = client.get().uri(address);
        if (bearerTokenFile != null) {
            String token = Files.readString(bearerTokenFile).strip();
            request.header(HttpHeaders.AUTHORIZATION, "Bearer " + token);
        }
        return request.exchangeForRequiredValue((_, response) -> {
            if (!response.getStatusCode().is2xxSuccessful()) {
                throw new UnusableAnswerException(
                        "The status is " + response.getStatusCode().value());
            }
            byte[] body = response.getBody().readNBytes(MAX_BYTES + 1);
            if (body.length > MAX_BYTES) {
                throw new UnusableAnswerException("The answer is larger than 1 MiB");
            }
            return new String(body, StandardCharsets.UTF_8);
        });
    }

    @Override
    public JWKSet getJWKSet(JWKSetCacheRefreshEvaluator refreshEvaluator, long currentTime, SecurityContext context)
            throws JWKSetUnavailableException {
        try {
            JWKSet set = JWKSet.parse(source.get());
            if (failed) {
                log.info("The keys for callers' JWTs can be got again");
            }
            failed = false;
            known = set;
            return set;
        } catch (ParseException e) {
            fail("What was got is no JWK set");
            throw new JWKSetParseException("No JWK set", null); // a parser's message may quote what it read
        } catch (IOException | RuntimeException e) {
            String why = why(e);
            fail(why);
            throw new JWKSetUnavailableException("The JWK set cannot be got: " + why, null);
        }
    }

    /** Without the message of an exception that is not ours: the client quotes a status line that it cannot read. */
    private static String why(Exception e) {
        Throwable cause = NestedExceptionUtils.getMostSpecificCause(e);
        return cause instanceof UnusableAnswerException
                ? Objects.requireNonNullElse(cause.getMessage(), "")
                : cause.getClass().getSimpleName();
    }

    private static final class UnusableAnswerException extends IOException {

        private static final long serialVersionUID = 1L;

        private UnusableAnswerException(String message) {
            super(message);
        }
    }

    private void fail(String cause) {
        if (failed) {
            log.debug("The keys for callers' JWTs still cannot be got: {}", cause);
        } else {
            // once: anybody can bring a token with an unknown key
            log.warn("The keys for callers' JWTs cannot be got; those that are known are used on: {}", cause);
        }
        failed = true;
    }

    /** Whether the last try failed. */
    boolean failed() {
        return failed;
    }

    /** Whether a key with this id was among those that were got last. */
    boolean knows(@Nullable String keyId) {
        return known.getKeyByKeyId(keyId) != null;
    }

    @Override
    public void close() {
        // holds nothing
    }
}
