package io.cancelgateway.caller;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * How the keys are got that sign callers' JWTs, beside Spring Security's own settings
 * ({@code spring.security.oauth2.resourceserver.jwt}).
 *
 * @param jwkSetFile a JWK set in a file, which is read again; then nothing is asked over the network
 * @param bearerTokenFile a token to ask with, such as the pod's own to ask Kubernetes; it is read each time
 * @param sslBundle the SSL bundle with the CA of whoever is asked; null for the CAs of the Java platform
 */
@ConfigurationProperties("gateway.jwt")
record JwtProperties(
        @Nullable Path jwkSetFile,
        @Nullable Path bearerTokenFile,
        @Nullable String sslBundle) {}
