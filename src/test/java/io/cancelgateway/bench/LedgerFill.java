package io.cancelgateway.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.Random;

/**
 * Fills a ledger as three months of production would: tenants of very different size, nearly everything terminal. The
 * first tenant has 30 %; of its callers the first asks nearly always, the last nearly never.
 */
final class LedgerFill {

    static final int TENANTS = 300;
    static final Duration SPREAD = Duration.ofDays(90);

    private static final int BATCH = 1000;

    private final Connection database;
    private final int records;
    private final Instant now;
    private final Random random = new Random(1);

    LedgerFill(Connection database, int records, Instant now) {
        this.database = database;
        this.records = records;
        this.now = now.truncatedTo(ChronoUnit.MICROS);
    }

    static String tenant(int number) {
        return "tenant-" + number;
    }

    static String batch(long id) {
        return HexFormat.of().toHexDigits(id * 2_654_435_761L) + "60d33df0";
    }

    static String caller(int number) {
        return "service-" + number;
    }

    Instant requestedAt(long id) {
        return now.minus(SPREAD).plus(SPREAD.dividedBy(records).multipliedBy(id));
    }

    void fill() throws SQLException {
        database.setAutoCommit(false);
        long requests = 0;
        try (PreparedStatement record = database.prepareStatement("""
                        INSERT INTO cancellation (id, tenant, batch_id, life, state, asynchronous, requested_by, reason,
                            requested_at, accepted_at, finished_at, deadline_at, last_attempt_at, attempts, ambiguous,
                            model_name, analysis_mode, accepted_total_items, accepted_queued_items,
                            accepted_processing_items, accepted_ready_items, accepted_failed_items,
                            accepted_canceled_items, final_total_items, final_queued_items, final_processing_items,
                            final_ready_items, final_failed_items, final_canceled_items)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                        """);
                PreparedStatement request = database.prepareStatement("""
                        INSERT INTO cancellation_request
                            (id, cancellation_id, life, caller, reason, received_at, outcome, trace_id)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                        """);
                PreparedStatement task = database.prepareStatement("""
                        INSERT INTO scheduled_tasks
                            (task_name, task_instance, execution_time, picked, picked_by, last_heartbeat, version)
                        VALUES ('follow-up', ?, ?, ?, ?, ?, 1)
                        """)) {
            for (long id = 1; id <= records; id++) {
                int tenant = random.nextInt(10) < 3 ? 0 : (int) (TENANTS * Math.pow(random.nextDouble(), 3));
                String caller = caller(random.nextInt(1000) == 0 ? 7 : random.nextInt(10) == 0 ? tenant % 5 : 0);
                // pending are 2,000 of the last 20,000, about what came in within two days
                String state = id > records - 20_000 && id % 10 == 0 ? pending() : terminal();
                boolean pending = state.equals("requested") || state.equals("canceling");
                boolean accepted = state.equals("canceling") || state.equals("canceled") || state.equals("unconfirmed");
                OffsetDateTime requested =
                        requestedAt(id).plusMillis(random.nextInt(20_000)).atOffset(ZoneOffset.UTC);

                int column = 0;
                record.setLong(++column, id);
                record.setString(++column, tenant(tenant));
                record.setString(++column, batch(id));
                record.setInt(++column, 1);
                record.setString(++column, state);
                record.setBoolean(++column, false);
                record.setString(++column, caller);
                record.setString(++column, random.nextInt(3) == 0 ? "superseded by a newer run" : null);
                record.setObject(++column, requested);
                record.setObject(++column, accepted ? requested.plusNanos(150_000_000) : null);
                record.setObject(++column, pending ? null : requested.plusSeconds(random.nextInt(600)));
                record.setObject(++column, requested.plusSeconds(15));
                record.setObject(++column, state.equals("requested") ? null : requested.plusNanos(150_000_000));
                record.setInt(++column, 1);
                record.setBoolean(++column, false);
                record.setString(++column, accepted ? "pegasus1.5" : null);
                record.setString(++column, accepted ? "general" : null);
                items(record, column, accepted);
                items(record, column + 6, state.equals("canceled"));
                record.addBatch();

                int asked = random.nextInt(10) < 3 ? 2 : 1;
                for (int i = 0; i < asked; i++) {
                    request.setLong(1, ++requests);
                    request.setLong(2, id);
                    request.setInt(3, 1);
                    request.setString(4, caller);
                    request.setString(5, null);
                    request.setObject(6, requested.plusSeconds(i));
                    request.setString(7, state.equals("requested") ? null : accepted ? "accepted" : state);
                    request.setString(8, batch(id) + "00000000");
                    request.addBatch();
                }
                if (pending) {
                    boolean picked = id % 200 == 0;
                    OffsetDateTime due = now.plusSeconds(random.nextInt(60) - 2).atOffset(ZoneOffset.UTC);
                    task.setString(1, id + "-1");
                    task.setObject(2, due);
                    task.setBoolean(3, picked);
                    task.setString(4, picked ? "replica" : null);
                    task.setObject(5, picked ? now.minusSeconds(2).atOffset(ZoneOffset.UTC) : null);
                    task.addBatch();
                }
                if (id % BATCH == 0 || id == records) {
                    record.executeBatch();
                    request.executeBatch();
                    task.executeBatch();
                }
                if (id % (5 * BATCH) == 0) {
                    database.commit();
                }
            }
        }
        try (Statement statement = database.createStatement()) {
            statement.execute("ALTER TABLE cancellation ALTER COLUMN id RESTART WITH " + (records + 1));
            statement.execute("ALTER TABLE cancellation_request ALTER COLUMN id RESTART WITH " + (requests + 1));
            statement.execute("""
                    INSERT INTO item_total (tenant, canceled, ready, failed)
                    SELECT tenant, SUM(final_canceled_items), SUM(final_ready_items), SUM(final_failed_items)
                      FROM cancellation WHERE state = 'canceled' GROUP BY tenant
                    """);
            database.commit();
            database.setAutoCommit(true);
            statement.execute("ANALYZE");
        }
    }

    private String pending() {
        return random.nextInt(20) == 0 ? "requested" : "canceling";
    }

    private String terminal() {
        int percent = random.nextInt(1000);
        if (percent < 850) {
            return "canceled";
        }
        if (percent < 910) {
            return "completed";
        }
        if (percent < 950) {
            return "not_found";
        }
        if (percent < 985) {
            return "failed";
        }
        if (percent < 994) {
            return "expired";
        }
        return percent < 999 ? "unconfirmed" : "rejected";
    }

    private static void items(PreparedStatement record, int column, boolean known) throws SQLException {
        int[] counts = {73, 0, 0, 3, 0, 70};
        for (int i = 0; i < counts.length; i++) {
            record.setObject(column + 1 + i, known ? counts[i] : null, Types.INTEGER);
        }
    }
}
