package io.cancelgateway.cancellation;

import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Settings of the waits that callers ask for.
 *
 * @param max the longest wait that is granted, 1 s to 1 h; a caller that asks for more gets this
 */
@Validated
@ConfigurationProperties("gateway.wait")
record WaitProperties(
        @DefaultValue("60s") @DurationMin(seconds = 1) @DurationMax(hours = 1)
        Duration max) {}
