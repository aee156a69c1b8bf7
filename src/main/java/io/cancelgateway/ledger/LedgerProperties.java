package io.cancelgateway.ledger;

import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Settings of the ledger.
 *
 * @param retention terminal records are deleted this long after their end and their latest request; the totals stay. 31
 *     days to 36,500: the upstream keeps a batch for 30 days (TwelveLabs API reference)
 */
@Validated
@ConfigurationProperties("gateway.ledger")
record LedgerProperties(
        @DefaultValue("90d")
        @DurationMin(
                days = 31,
                message = "must be at least 31 days: the upstream keeps a batch for 30, and a batch whose record is"
                        + " deleted before could be counted again")
        @DurationMax(days = 36_500)
        Duration retention) {}
