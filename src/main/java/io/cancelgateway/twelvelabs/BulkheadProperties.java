package io.cancelgateway.twelvelabs;

import jakarta.validation.constraints.Positive;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * How much of the gateway one tenant may use.
 *
 * @param maxConcurrentCalls most attempts of one tenant at the same time, per replica
 */
@Validated
@ConfigurationProperties("gateway.bulkhead")
record BulkheadProperties(@DefaultValue("32") @Positive int maxConcurrentCalls) {}
