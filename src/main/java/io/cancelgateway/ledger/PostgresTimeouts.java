package io.cancelgateway.ledger;

import com.zaxxer.hikari.HikariDataSource;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.BeanPostProcessor;

/**
 * Bounds every wait for PostgreSQL. By default its driver waits for ever for a server that hangs or has vanished.
 * Values in {@code spring.datasource.hikari.data-source-properties} are kept, and values in the address win in the
 * driver. Only settings of the driver itself are used: PgBouncer refuses settings that it does not know when a
 * connection starts.
 */
class PostgresTimeouts implements BeanPostProcessor {

    /** By the driver's names, in seconds. */
    static final Map<String, String> DEFAULTS = Map.ofEntries(
            Map.entry("connectTimeout", "2"), // for each host of the address
            Map.entry("loginTimeout", "5"), // for all of them, authentication included
            Map.entry("queryTimeout", "5"), // after that the driver asks the server to cancel the statement
            Map.entry("cancelSignalTimeout", "2"), // for that request; the statement does not return before it is over
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
