package io.cancelgateway.caller;

import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.SecurityContext;
import io.cancelgateway.platform.InvalidSettingException;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.security.interfaces.RSAPublicKey;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.autoconfigure.condition.AnyNestedCondition;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.http.client.ClientHttpRequestFactoryBuilder;
import org.springframework.boot.http.client.HttpClientSettings;
import org.springframework.boot.security.oauth2.server.resource.autoconfigure.OAuth2ResourceServerProperties;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.Resource;
import org.springframework.security.converter.RsaKeyConverters;
import org.springframework.security.oauth2.core.DelegatingOAuth2TokenValidator;
import org.springframework.security.oauth2.core.OAuth2TokenValidator;
import org.springframework.security.oauth2.jose.jws.SignatureAlgorithm;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtClaimNames;
import org.springframework.security.oauth2.jwt.JwtClaimValidator;
import org.springframework.security.oauth2.jwt.JwtIssuerValidator;
import org.springframework.security.oauth2.jwt.JwtTimestampValidator;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import org.springframework.web.client.RestClient;

/**
 * Checks callers' JWTs, if Spring Security's settings for a resource server, or ours, name where their keys are. Spring
 * Boot's own decoder is not used: it needs no audience, and it refuses every token once its keys are five minutes old
 * and the identity provider is down.
 */
@Configuration(proxyBeanMethods = false)
@Conditional(JwtConfiguration.KeysAreConfigured.class)
class JwtConfiguration {

    private static final String PREFIX = "spring.security.oauth2.resourceserver.jwt.";

    private static final Duration CLOCK_SKEW = Duration.ofSeconds(60);

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
    private static final Duration READ_TIMEOUT = Duration.ofSeconds(3);

    /** How long keys are used before they are got again. */
    private static final Duration KEYS_FROM_NETWORK = Duration.ofMinutes(5);

    private static final Duration KEYS_FROM_FILE = Duration.ofSeconds(5);

    /** For a request that needs keys which another one is getting. */
    private static final Duration MAX_WAIT_FOR_KEYS = Duration.ofSeconds(5);

    /** A token with an unknown key makes the keys be got again, twice in this time at most. */
    private static final Duration BETWEEN_UNKNOWN_KEYS = Duration.ofSeconds(10);

    static final class KeysAreConfigured extends AnyNestedCondition {

        KeysAreConfigured() {
            super(ConfigurationPhase.REGISTER_BEAN);
        }

        @ConditionalOnProperty("gateway.jwt.jwk-set-file")
        static class ByFile {}

        @ConditionalOnProperty(PREFIX + "jwk-set-uri")
        static class ByAddress {}

        @ConditionalOnProperty(PREFIX + "issuer-uri")
        static class ByIssuer {}

        @ConditionalOnProperty(PREFIX + "public-key-location")
        static class ByPublicKey {}
    }

    /** @throws InvalidSettingException if no audience is set, or an algorithm is not an asymmetric one */
    @Bean
    JwtAuthentication jwtAuthentication(
            OAuth2ResourceServerProperties resourceServer,
            JwtProperties ours,
            SslBundles bundles,
            Callers callers,
            Clock clock) {
        OAuth2ResourceServerProperties.Jwt jwt = resourceServer.getJwt();
        Set<SignatureAlgorithm> algorithms = algorithms(jwt.getJwsAlgorithms());
        @Nullable JwkSetRetrieval retrieval = retrieval(jwt, ours, bundles);
        NimbusJwtDecoder decoder = retrieval == null
                ? NimbusJwtDecoder.withPublicKey(publicKey(Objects.requireNonNull(jwt.getPublicKeyLocation())))
                        .signatureAlgorithm(algorithms.iterator().next())
                        .build()
                : NimbusJwtDecoder.withJwkSource(source(retrieval, ours.jwkSetFile() != null))
                        .jwsAlgorithms(allowed -> {
                            allowed.clear();
                            allowed.addAll(algorithms);
                        })
                        .build();
        decoder.setJwtValidator(validator(jwt, clock));
        return new JwtAuthentication(decoder, retrieval, callers);
    }

    private static Set<SignatureAlgorithm> algorithms(List<String> names) {
        Set<SignatureAlgorithm> algorithms = new LinkedHashSet<>();
        for (String name : names) {
            @Nullable SignatureAlgorithm algorithm = SignatureAlgorithm.from(name.strip());
            if (algorithm == null) {
                throw new InvalidSettingException(
                        PREFIX + "jws-algorithms", "must list algorithms with a public key, such as RS256 or ES256");
            }
            algorithms.add(algorithm);
        }
        if (algorithms.isEmpty()) {
            throw new InvalidSettingException(PREFIX + "jws-algorithms", "must list one algorithm at least");
        }
        return algorithms;
    }

    private static @Nullable JwkSetRetrieval retrieval(
            OAuth2ResourceServerProperties.Jwt jwt, JwtProperties ours, SslBundles bundles) {
        if (ours.jwkSetFile() != null) {
            return JwkSetRetrieval.fromFile(ours.jwkSetFile());
        }
        if (jwt.getJwkSetUri() != null) {
            return JwkSetRetrieval.fromAddress(client(ours, bundles), jwt.getJwkSetUri(), ours.bearerTokenFile());
        }
        if (jwt.getPublicKeyLocation() != null) {
            return null;
        }
        return JwkSetRetrieval.fromIssuer(
                client(ours, bundles), Objects.requireNonNull(jwt.getIssuerUri()), ours.bearerTokenFile());
    }

    /** Goes past any proxy: the proxy is the way to the upstream only. */
    private static RestClient client(JwtProperties ours, SslBundles bundles) {
        HttpClientSettings settings = HttpClientSettings.defaults().withTimeouts(CONNECT_TIMEOUT, READ_TIMEOUT);
        if (ours.sslBundle() != null) {
            settings = settings.withSslBundle(bundles.getBundle(ours.sslBundle()));
        }
        return RestClient.builder()
                .requestFactory(ClientHttpRequestFactoryBuilder.jdk()
                        .withProxySelector(HttpClient.Builder.NO_PROXY)
                        .build(settings))
                .build();
    }

    /** What is known is used on while the identity provider is down. */
    private static JWKSource<SecurityContext> source(JwkSetRetrieval retrieval, boolean file) {
        Duration timeToLive = file ? KEYS_FROM_FILE : KEYS_FROM_NETWORK;
        JWKSourceBuilder<SecurityContext> source = JWKSourceBuilder.create(retrieval)
                .cache(timeToLive.toMillis(), MAX_WAIT_FOR_KEYS.toMillis())
                .refreshAheadCache(!file)
                .outageTolerantForever();
        return (file ? source.rateLimited(false) : source.rateLimited(BETWEEN_UNKNOWN_KEYS.toMillis())).build();
    }

    private static RSAPublicKey publicKey(Resource location) {
        try (InputStream in = location.getInputStream()) {
            return RsaKeyConverters.x509().convert(in);
        } catch (IOException | RuntimeException e) {
            throw new InvalidSettingException(
                    PREFIX + "public-key-location", "must name a file with an RSA public key in PEM");
        }
    }

    private static OAuth2TokenValidator<Jwt> validator(OAuth2ResourceServerProperties.Jwt jwt, Clock clock) {
        if (jwt.getAudiences() == null || jwt.getAudiences().isEmpty()) {
            throw new InvalidSettingException(
                    PREFIX + "audiences", "must be set: a token that was made for another service must not do here");
        }
        List<OAuth2TokenValidator<Jwt>> validators = new ArrayList<>();
        JwtTimestampValidator times = new JwtTimestampValidator(CLOCK_SKEW);
        times.setAllowEmptyExpiryClaim(false);
        times.setClock(clock);
        validators.add(times);
        Set<String> audiences = Set.copyOf(jwt.getAudiences());
        validators.add(new JwtClaimValidator<@Nullable List<String>>(
                JwtClaimNames.AUD, named -> named != null && named.stream().anyMatch(audiences::contains)));
        if (jwt.getIssuerUri() != null) {
            validators.add(new JwtIssuerValidator(jwt.getIssuerUri()));
        }
        return new DelegatingOAuth2TokenValidator<>(validators);
    }
}
