package io.cancelgateway.cancellation;

import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * How often a batch is polled until its end is known.
 *
 * @param initialDelay the delay before the first poll, and the shortest between two polls; 1 ms to 1 h
 * @param maxDelay the longest delay between two polls; 1 ms to 1 h
 */
@Validated
@ConfigurationProperties("gateway.follow-up")
record FollowUpProperties(
        @DefaultValue("2s") @DurationMin(millis = 1) @DurationMax(hours = 1)
        Duration initialDelay,

        @DefaultValue("60s") @DurationMin(millis = 1) @DurationMax(hours = 1)
        Duration maxDelay) {}
