package io.cancelgateway.twelvelabs;

import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Positive;
import java.net.URI;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * How the upstream is reached. A timeout may be larger than the one around it: it is then cut to the time that is left.
 *
 * @param baseUrl address of the API, version included
 * @param connectTimeout how long it may take to get one connection
 * @param attemptTimeout how long one attempt may take, from asking for a connection to the last byte of the response
 * @param deadline how long a caller's request may take over all its attempts
 * @param maxConnections most connections to the upstream, per replica
 * @param maxIdleTime how long a connection may be idle and still be used; keep it shorter than the upstream's idle
 *     timeout
 * @param sslBundle Spring SSL bundle with the CA of the upstream; null for the CAs of the Java platform
 */
@Validated
@ConfigurationProperties("gateway.upstream")
record UpstreamProperties(
        @DefaultValue("https://api.twelvelabs.io/v1.3") @NotNull
        URI baseUrl,

        @DefaultValue("2s") @DurationMin(millis = 1) @DurationMax(hours = 1)
        Duration connectTimeout,

        @DefaultValue("5s") @DurationMin(millis = 1) @DurationMax(hours = 1)
        Duration attemptTimeout,

        @DefaultValue("15s") @DurationMin(millis = 1) @DurationMax(hours = 1)
        Duration deadline,

        @DefaultValue("200") @Positive int maxConnections,

        @DefaultValue("20s") @DurationMin(millis = 1) @DurationMax(hours = 1)
        Duration maxIdleTime,

        @Nullable String sslBundle) {}
