package io.cancelgateway.ledger;

import com.zaxxer.hikari.HikariDataSource;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.springframework.boot.flyway.autoconfigure.FlywayConfigurationCustomizer;
import org.springframework.jdbc.datasource.DelegatingDataSource;

/** Lifts the pool's timeouts for migrations of PostgreSQL: they are meant for short statements. */
class MigrationsWithoutTimeouts implements FlywayConfigurationCustomizer {

    @Override
    public void customize(FluentConfiguration configuration) {
        if (configuration.getDataSource() instanceof HikariDataSource pool && PostgresTimeouts.isPostgres(pool)) {
            configuration.dataSource(new WithoutTimeouts(pool));
        }
    }

    private static final class WithoutTimeouts extends DelegatingDataSource {

        WithoutTimeouts(DataSource pool) {
            super(pool);
        }

        @Override
        public Connection getConnection() throws SQLException {
            Connection connection = super.getConnection();
            connection.setNetworkTimeout(Runnable::run, 0); // the pool restores its own when the connection comes back
            return (Connection) Proxy.newProxyInstance(
                    Connection.class.getClassLoader(), new Class<?>[] {Connection.class}, (_, method, arguments) -> {
                        try {
                            Object result = method.invoke(connection, arguments);
                            if (result instanceof Statement statement) {
                                statement.setQueryTimeout(0);
                            }
                            return result;
                        } catch (InvocationTargetException e) {
                            throw e.getCause();
                        }
                    });
        }
    }
}
