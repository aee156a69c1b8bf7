package io.cancelgateway.twelvelabs;

import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Positive;
import java.net.URI;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * How the upstream is reached. Each time is cut to what is left of the next wider one, so none is refused for being
 * larger than another.
 *
 * @param baseUrl where the API is, version included
 * @param connectTimeout how long a connection may take, per connection
 * @param attemptTimeout how long one attempt may take, from asking for a connection to the last byte of the answer
 * @param deadline how long a caller's request may take over all its attempts
 * @param maxConnections connections to the upstream, at most
 * @param maxIdleTime a connection idle for longer is not used again; shorter than the upstream's own idle time
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
        Duration maxIdleTime) {}
