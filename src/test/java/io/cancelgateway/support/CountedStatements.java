package io.cancelgateway.support;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.jdbc.datasource.DelegatingDataSource;

/** Counts the statements that requests cost: those on cancellations, and those that write or remove a follow-up. */
public class CountedStatements implements BeanPostProcessor {

    private static final Pattern OF_REQUESTS = Pattern.compile(
            "cancellation|insert into scheduled_tasks|delete from scheduled_tasks", Pattern.CASE_INSENSITIVE);

    private final AtomicLong count = new AtomicLong();

    public long count() {
        return count.get();
    }

    @Override
    public Object postProcessAfterInitialization(Object bean, String name) {
        return bean instanceof DataSource source ? new Counting(source) : bean;
    }

    private final class Counting extends DelegatingDataSource {

        Counting(DataSource source) {
            super(source);
        }

        @Override
        public Connection getConnection() throws java.sql.SQLException {
            Connection connection = super.getConnection();
            return (Connection) Proxy.newProxyInstance(
                    getClass().getClassLoader(), new Class<?>[] {Connection.class}, (_, method, arguments) -> {
                        Object result = invoke(connection, method, arguments);
                        return method.getName().equals("prepareStatement")
                                ? counting((PreparedStatement) result, (String) arguments[0])
                                : result;
                    });
        }

        private PreparedStatement counting(PreparedStatement statement, String sql) {
            return (PreparedStatement) Proxy.newProxyInstance(
                    getClass().getClassLoader(), new Class<?>[] {PreparedStatement.class}, (_, method, arguments) -> {
                        if (method.getName().startsWith("execute")
                                && OF_REQUESTS.matcher(sql).find()) {
                            count.incrementAndGet();
                        }
                        return invoke(statement, method, arguments);
                    });
        }

        private static Object invoke(Object target, java.lang.reflect.Method method, Object[] arguments)
                throws Throwable {
            try {
                return method.invoke(target, arguments);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        }
    }
}
