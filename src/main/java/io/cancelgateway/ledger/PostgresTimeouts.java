package io.cancelgateway.ledger;

import com.zaxxer.hikari.HikariDataSource;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.BeanPostProcessor;

/**
 * Bounds every wait for PostgreSQL: its driver would wait for ever for a server that hangs, or that is gone without a
 * word. What {@code spring.datasource.hikari.data-source-properties} says stays; what the address says wins in the
 * driver. All of it is the driver's own doing: PgBouncer refuses settings sent at start that it does not know.
 */
class PostgresTimeouts implements BeanPostProcessor {

    /** By the driver's names, in seconds. */
    static final Map<String, String> DEFAULTS = Map.ofEntries(
            Map.entry("connectTimeout", "2"), // for each host of the address
            Map.entry("loginTimeout", "5"), // for all of them, authentication included
            Map.entry("queryTimeout", "5"), // then the server is asked to cancel the statement
            Map.entry("cancelSignalTimeout", "2"), // for asking; a statement does not return before that is over
            Map.entry("socketTimeout", "10"), // longer than the last two, so that a slow statement costs no connection
            Map.entry("tcpKeepAlive", "true"));

    @Override
    public Object postProcessBeforeInitialization(Object bean, String name) {
        if (bean instanceof HikariDataSource pool && isPostgres(pool)) {
            DEFAULTS.forEach(pool.getDataSourceProperties()::putIfAbsent);
        }
        return bean;
    }

    static boolean isPostgres(HikariDataSource pool) {
        @Nullable String address = pool.getJdbcUrl();
        return address != null && address.startsWith("jdbc:postgresql:");
    }
}
