package io.cancelgateway.tenant;

import jakarta.validation.constraints.PositiveOrZero;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * What dashboards read.
 *
 * @param maxTenants how many tenants, the first by their sorted ids, get a meter tag of their own; the rest share
 *     {@code other}
 */
@Validated
@ConfigurationProperties("gateway.metrics")
record MetricsProperties(
        @DefaultValue("100") @PositiveOrZero int maxTenants) {}
