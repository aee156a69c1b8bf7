package io.cancelgateway.ledger;

import com.github.kagkarlsson.scheduler.task.Task;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.github.kagkarlsson.scheduler.task.schedule.FixedDelay;
import io.cancelgateway.platform.Ticker;
import io.cancelgateway.tenant.TenantTags;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.flyway.autoconfigure.FlywayConfigurationCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

@Configuration(proxyBeanMethods = false)
class LedgerConfiguration {

    private static final Duration BETWEEN_DELETIONS = Duration.ofMinutes(15);

    @Bean
    Ledger ledger(JdbcClient jdbc) {
        return new Ledger(jdbc);
    }

    @Bean
    LedgerQueries ledgerQueries(JdbcClient jdbc) {
        return new LedgerQueries(jdbc);
    }

    @Bean
    LedgerAvailability ledgerAvailability(JdbcClient jdbc) {
        return new LedgerAvailability(jdbc);
    }

    @Bean
    LedgerHealth ledgerHealthIndicator(LedgerAvailability availability) {
        return new LedgerHealth(availability);
    }

    @Bean
    static BeanPostProcessor durableH2() {
        return new DurableH2();
    }

    @Bean
    static BeanPostProcessor postgresTimeouts() {
        return new PostgresTimeouts();
    }

    @Bean
    FlywayConfigurationCustomizer migrationsWithoutTimeouts() {
        return new MigrationsWithoutTimeouts();
    }

    @Bean
    LedgerMetrics ledgerMetrics(
            LedgerQueries ledger, TenantTags tags, Clock clock, Ticker ticker, MeterRegistry registry) {
        return new LedgerMetrics(ledger, tags, clock, ticker, registry);
    }

    /** Deletes old records, on one replica at a time. */
    @Bean
    Task<Void> retention(Ledger ledger, LedgerProperties properties, Clock clock) {
        Retention retention = new Retention(ledger, properties.retention(), clock);
        return Tasks.recurring("retention", FixedDelay.of(BETWEEN_DELETIONS))
                .execute((instance, context) -> retention.run());
    }

    /** db-scheduler reads the same clock as the rest of the application. */
    @Bean
    com.github.kagkarlsson.scheduler.Clock schedulerClock(Clock clock) {
        return clock::instant;
    }
}
