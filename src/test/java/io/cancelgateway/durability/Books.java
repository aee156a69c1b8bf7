package io.cancelgateway.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.simulator.SimulatedBatch;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What the ledger has recorded and counted, read from its tables, and the same from the simulator's batches. */
final class Books {

    private final String database;

    /** The items of all batches that ended canceled. */
    record Items(long canceled, long ready, long failed) {

        static final Items NONE = new Items(0, 0, 0);

        /** What the upstream says of these batches now. */
        static Items of(Collection<SimulatedBatch> batches) {
            return batches.stream().map(Items::of).reduce(NONE, Items::plus);
        }

        private static Items of(SimulatedBatch batch) {
            Map<String, Object> json = batch.json(Instant.now());
            return new Items(
                    ((Number) json.get("canceled_items")).longValue(),
                    ((Number) json.get("ready_items")).longValue(),
                    ((Number) json.get("failed_items")).longValue());
        }

        Items plus(Items other) {
            return new Items(canceled + other.canceled, ready + other.ready, failed + other.failed);
        }
    }

    /** @param database its address for JDBC */
    Books(String database) {
        this.database = database;
    }

    /**
     * Waits until no cancellation is open. Then exactly those batches that the upstream has canceled are recorded as
     * canceled, and the totals are the sums of their items.
     *
     * @param batches every batch there is, all at their ends, and canceled by the gateway if at all
     */
    void awaitAgreement(Collection<SimulatedBatch> batches) {
        await().atMost(Duration.ofMinutes(2))
                .pollInterval(Duration.ofMillis(500))
                .untilAsserted(() -> {
                    assertThat(open()).isZero();
                    assertThat(followUps()).isZero();
                });
        List<SimulatedBatch> canceled = batches.stream()
                .filter(batch -> batch.status(Instant.now()).equals("canceled"))
                .toList();
        Set<String> recorded = new TreeSet<>();
        query("SELECT batch_id FROM cancellation WHERE state = 'canceled'", row -> recorded.add(row.getString(1)));
        assertThat(recorded)
                .isEqualTo(canceled.stream().map(SimulatedBatch::id).collect(Collectors.toCollection(TreeSet::new)));
        assertThat(totals()).isEqualTo(Items.of(canceled));
    }

    /** How many cancellations are not at their end. */
    long open() {
        long[] count = {0};
        query("SELECT COUNT(*) FROM cancellation WHERE finished_at IS NULL", row -> count[0] = row.getLong(1));
        return count[0];
    }

    /** The totals that never shrink, over all tenants. */
    Items totals() {
        Items[] totals = {Items.NONE};
        query(
                "SELECT canceled, ready, failed FROM item_total",
                row -> totals[0] = totals[0].plus(new Items(row.getLong(1), row.getLong(2), row.getLong(3))));
        return totals[0];
    }

    /** How many follow-ups are still to run. */
    long followUps() {
        long[] count = {0};
        query("SELECT COUNT(*) FROM scheduled_tasks WHERE task_name = 'follow-up'", row -> count[0] = row.getLong(1));
        return count[0];
    }

    interface RowReader {
        void read(ResultSet row) throws SQLException;
    }

    void query(String sql, RowReader reader) {
        try (Connection connection = DriverManager.getConnection(database);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                reader.read(rows);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
