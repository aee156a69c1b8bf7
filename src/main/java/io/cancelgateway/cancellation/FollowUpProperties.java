package io.cancelgateway.cancellation;

import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * How often a batch is looked at until its end is known.
 *
 * @param initialDelay before the first look, and between looks at least
 * @param maxDelay between looks at most
 */
@Validated
@ConfigurationProperties("gateway.follow-up")
record FollowUpProperties(
        @DefaultValue("2s") @DurationMin(millis = 1) @DurationMax(hours = 1)
        Duration initialDelay,

        @DefaultValue("60s") @DurationMin(millis = 1) @DurationMax(hours = 1)
        Duration maxDelay) {}
