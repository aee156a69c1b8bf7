package io.cancelgateway.ledger;

import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * What the ledger keeps.
 *
 * @param retention terminal records older than this are deleted; the totals stay
 */
@Validated
@ConfigurationProperties("gateway.ledger")
record LedgerProperties(
        @DefaultValue("90d") @DurationMin(days = 1) @DurationMax(days = 36_500)
        Duration retention) {}
