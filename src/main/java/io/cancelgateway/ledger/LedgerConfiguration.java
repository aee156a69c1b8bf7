package io.cancelgateway.ledger;

import com.github.kagkarlsson.scheduler.task.Task;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.github.kagkarlsson.scheduler.task.schedule.FixedDelay;
import com.zaxxer.hikari.HikariConfigMXBean;
import com.zaxxer.hikari.HikariDataSource;
import io.cancelgateway.platform.Ticker;
import io.cancelgateway.tenant.TenantTags;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.system.DiskSpaceMetrics;
import java.io.File;
import java.time.Clock;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.flyway.autoconfigure.FlywayConfigurationCustomizer;
import org.springframework.boot.jdbc.DataSourceUnwrapper;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.ConnectionCallback;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.PlatformTransactionManager;

@Configuration(proxyBeanMethods = false)
class LedgerConfiguration {

    private static final Duration BETWEEN_DELETIONS = Duration.ofMinutes(15);

    private static final Pattern H2_FILE = Pattern.compile("jdbc:h2:file:([^;]+).*");

    @Bean
    Ledger ledger(JdbcClient jdbc) {
        return new Ledger(jdbc);
    }

    @Bean
    LedgerQueries ledgerQueries(JdbcClient jdbc) {
        return new LedgerQueries(jdbc);
    }

    @Bean
    LedgerAvailability ledgerAvailability(JdbcClient jdbc, Ticker ticker) {
        return new LedgerAvailability(jdbc, ticker);
    }

    @Bean
    LedgerHealth ledgerHealthIndicator(LedgerAvailability availability) {
        return new LedgerHealth(availability);
    }

    @Bean
    GroupStatements groupStatements(JdbcTemplate jdbc, PlatformTransactionManager transactions) {
        boolean postgres = Boolean.TRUE.equals(jdbc.execute((ConnectionCallback<Boolean>)
                connection -> connection.getMetaData().getDatabaseProductName().equals("PostgreSQL")));
        return postgres ? new PostgresGroupStatements(jdbc) : new H2GroupStatements(jdbc, transactions);
    }

    @Bean
    LedgerWriter ledgerWriter(
            Ledger ledger,
            ChangeWriter changes,
            LedgerTransactions transactions,
            GroupStatements groups,
            DataSource database) {
        return new LedgerWriter(ledger, changes, transactions, groups, connectionsForSingles(database));
    }

    @Bean
    Rehearsal rehearsal(
            Ledger ledger, ChangeWriter changes, GroupStatements groups, LedgerTransactions transactions, Clock clock) {
        return new Rehearsal(ledger, changes, groups, transactions, clock);
    }

    /** A third of the pool. The rest is for groups, follow-ups and reads. */
    private static int connectionsForSingles(DataSource database) {
        @Nullable
        HikariConfigMXBean pool =
                DataSourceUnwrapper.unwrap(database, HikariConfigMXBean.class, HikariDataSource.class);
        return pool == null ? 1 : Math.max(1, pool.getMaximumPoolSize() / 3);
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
            LedgerQueries ledger,
            LedgerAvailability availability,
            TenantTags tags,
            Clock clock,
            Ticker ticker,
            MeterRegistry registry) {
        return new LedgerMetrics(ledger, availability, tags, clock, ticker, registry);
    }

    /** How much room there is where H2 keeps its file. Nothing where the database is another one. */
    @Bean
    MeterBinder ledgerDiskSpace(@Value("${spring.datasource.url:}") String url) {
        Matcher file = H2_FILE.matcher(url);
        return file.matches() ? new DiskSpaceMetrics(fileOf(file.group(1)).getParentFile()) : _ -> {};
    }

    /** H2 takes a tilde at the beginning for the user's home. */
    private static File fileOf(String path) {
        return new File(path.startsWith("~") ? System.getProperty("user.home") + path.substring(1) : path)
                .getAbsoluteFile();
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
