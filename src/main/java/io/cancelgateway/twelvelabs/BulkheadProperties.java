package io.cancelgateway.twelvelabs;

import jakarta.validation.constraints.Positive;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * What one tenant may have of the connections.
 *
 * @param maxConcurrentCalls attempts of one tenant at the same time
 */
@Validated
@ConfigurationProperties("gateway.bulkhead")
record BulkheadProperties(@DefaultValue("32") @Positive int maxConcurrentCalls) {}
