package io.cancelgateway.twelvelabs;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.PositiveOrZero;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * How often failed attempts are retried.
 *
 * @param maxAttempts most attempts of one request, the first included
 * @param baseDelay longest delay before the first retry; it doubles with each retry
 * @param maxDelay longest delay before any retry; a longer {@code Retry-After} is still respected
 * @param budgetRatio how many retries each request of a tenant adds to its budget, over a window of 10 s
 * @param budgetFloor how many retries a tenant always has in such a window; both are per replica
 */
@Validated
@ConfigurationProperties("gateway.retry")
record RetryProperties(
        @DefaultValue("3") @Min(1) @Max(10) int maxAttempts,

        @DefaultValue("100ms") @DurationMin(millis = 0) @DurationMax(hours = 1)
        Duration baseDelay,

        @DefaultValue("2s") @DurationMin(millis = 0) @DurationMax(hours = 1)
        Duration maxDelay,

        @DefaultValue("0.2") @DecimalMin("0") @DecimalMax("10")
        double budgetRatio,

        @DefaultValue("10") @PositiveOrZero int budgetFloor) {}
