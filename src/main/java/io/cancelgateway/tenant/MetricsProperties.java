package io.cancelgateway.tenant;

import jakarta.validation.constraints.PositiveOrZero;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Settings of the meters.
 *
 * @param maxTenants how many tenants get a meter tag of their own, 0 or more: the first ones, sorted by id. The rest
 *     share {@code other}
 */
@Validated
@ConfigurationProperties("gateway.metrics")
record MetricsProperties(
        @DefaultValue("100") @PositiveOrZero int maxTenants) {}
