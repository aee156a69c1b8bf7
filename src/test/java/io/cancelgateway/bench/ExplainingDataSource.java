package io.cancelgateway.bench;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.springframework.jdbc.datasource.AbstractDataSource;

/**
 * One connection whose prepared statements are explained with their parameters before they are executed. Nothing that
 * is explained stays.
 */
final class ExplainingDataSource extends AbstractDataSource {

    private static final int TIMES = 3;

    private final Connection connection;
    private final boolean postgres;
    private final List<Explained> explained = new ArrayList<>();

    ExplainingDataSource(Connection connection) throws SQLException {
        this.connection = connection;
        this.postgres = connection.getMetaData().getDatabaseProductName().equals("PostgreSQL");
    }

    /** @param generic PostgreSQL's plan for whatever parameters, else empty */
    record Explained(String sql, String plan, String generic, double millis) {}

    /** What was explained since the last time. */
    List<Explained> take() {
        List<Explained> taken = List.copyOf(explained);
        explained.clear();
        return taken;
    }

    @Override
    public Connection getConnection() {
        return (Connection) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {Connection.class}, (_, method, arguments) -> {
                    if (method.getName().equals("close")) {
                        return null;
                    }
                    Object result = call(() -> method.invoke(connection, arguments));
                    return method.getName().equals("prepareStatement")
                            ? explaining((PreparedStatement) result, (String) arguments[0])
                            : result;
                });
    }

    @Override
    public Connection getConnection(String user, String password) {
        return getConnection();
    }

    private PreparedStatement explaining(PreparedStatement statement, String sql) {
        Map<Integer, Parameter> parameters = new TreeMap<>();
        return (PreparedStatement) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {PreparedStatement.class}, (_, method, arguments) -> {
                    String name = method.getName();
                    if (name.startsWith("set") && arguments.length > 1 && arguments[0] instanceof Integer index) {
                        parameters.put(index, new Parameter(method, arguments));
                    }
                    if (name.startsWith("execute")) {
                        explain(sql, parameters);
                    }
                    return call(() -> method.invoke(statement, arguments));
                });
    }

    private record Parameter(java.lang.reflect.Method method, Object[] arguments) {

        String literal() {
            Object value = method.getName().equals("setNull") ? null : arguments[1];
            return switch (value) {
                case null -> "NULL";
                case Number number -> number.toString();
                case Boolean truth -> truth.toString();
                default -> "'" + value + "'";
            };
        }
    }

    private interface Call {
        Object run() throws IllegalAccessException, InvocationTargetException;
    }

    private static Object call(Call call) throws Throwable {
        try {
            return call.run();
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private void explain(String sql, Map<Integer, Parameter> parameters) throws Throwable {
        String prefix = postgres ? "EXPLAIN (ANALYZE, BUFFERS) " : "EXPLAIN ANALYZE ";
        String plan = "";
        double[] millis = new double[TIMES];
        for (int i = 0; i < TIMES; i++) {
            Savepoint before = connection.setSavepoint();
            try (PreparedStatement statement = connection.prepareStatement(prefix + sql)) {
                for (Parameter parameter : parameters.values()) {
                    call(() -> parameter.method().invoke(statement, parameter.arguments()));
                }
                long start = System.nanoTime();
                plan = read(statement.executeQuery());
                millis[i] = (System.nanoTime() - start) / 1e6;
            }
            connection.rollback(before);
        }
        Arrays.sort(millis);
        explained.add(new Explained(sql, plan, postgres ? generic(prefix, sql, parameters) : "", millis[TIMES / 2]));
    }

    /** The plan that PostgreSQL may come to after five executions. */
    private String generic(String prefix, String sql, Map<Integer, Parameter> parameters) throws SQLException {
        StringBuilder numbered = new StringBuilder();
        int number = 0;
        for (char c : sql.toCharArray()) {
            numbered.append(c == '?' ? "$" + ++number : String.valueOf(c));
        }
        String arguments = String.join(
                ", ", parameters.values().stream().map(Parameter::literal).toList());
        Savepoint before = connection.setSavepoint();
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET LOCAL plan_cache_mode = force_generic_plan");
            statement.execute("PREPARE explained AS " + numbered);
            String execute = "EXECUTE explained" + (arguments.isEmpty() ? "" : "(" + arguments + ")");
            String plan = read(statement.executeQuery(prefix + execute));
            statement.execute("DEALLOCATE explained");
            return plan;
        } finally {
            connection.rollback(before);
        }
    }

    private static String read(ResultSet rows) throws SQLException {
        StringBuilder plan = new StringBuilder();
        while (rows.next()) {
            plan.append(rows.getString(1)).append('\n');
        }
        return plan.toString();
    }
}
