package io.cancelgateway.cancellation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.kagkarlsson.scheduler.boot.config.DbSchedulerProperties;
import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.Reply;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.TestPropertySource;
import tools.jackson.databind.JsonNode;

/** The ledger does not answer, because somebody else locks the record: the deadline is of the whole request. */
@TestPropertySource(properties = "gateway.upstream.deadline=3s")
class SlowLedgerIT extends EndToEnd {

    /** Far beyond the deadline of three seconds, far below what H2 would wait for the lock over all tries. */
    private static final Duration IN_TIME = Duration.ofSeconds(5);

    @Autowired
    private DataSource database;

    @Autowired
    private DbSchedulerProperties scheduler;

    @Test
    void theDeadlineIncludesTheWaitForTheLedger() throws Exception {
        String id = ACME.createBatch().id();
        assertThat(cancel(id).status()).isEqualTo(202);
        double counted = count("cancel.gateway.cancellations", "tenant", "acme", "outcome", "deadline_exceeded");
        try (Connection holder = lock(id)) {
            long start = System.nanoTime();

            Reply reply = cancel(id).isProblem(504, "deadline_exceeded");

            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(IN_TIME);
            assertThat(reply.message()).contains("nothing was sent");
            holder.rollback();
        }
        assertThat(SIMULATOR.requests(Operation.CANCEL)).hasSize(1);
        assertThat(count("cancel.gateway.cancellations", "tenant", "acme", "outcome", "deadline_exceeded"))
                .isEqualTo(counted + 1);
    }

    /** H2 gives up on a lock after two seconds; what it says then must not be taken for a ledger that failed. */
    @Test
    void aLockThatComesFreeLateIsWaitedForInSeveralTries() throws Exception {
        String id = ACME.createBatch().id();
        assertThat(cancel(id).status()).isEqualTo(202);
        try (Connection holder = lock(id)) {
            cancel(id).isProblem(504, "deadline_exceeded");
            holder.rollback();
        }

        // the request that was given up is written down late, and that nothing was sent for it
        await().untilAsserted(() -> assertThat(
                        record(id).path("requests").path(0).path("outcome").asString(""))
                .isEqualTo("deadline_exceeded"));
        assertThat(requests(id)).isEqualTo(2);
        assertThat(record(id).path("attempts").intValue()).isEqualTo(1);
    }

    @Test
    void anAnswerDoesNotWaitForItsOutcomeToBeWrittenDown() throws Exception {
        String id = ACME.createBatch().id();
        double before = accepted();
        SIMULATOR.next(Operation.CANCEL, Fault.slow(Duration.ofMillis(400)));
        CompletableFuture<Reply> reply = CompletableFuture.supplyAsync(() -> cancel(id));
        await().until(() -> SIMULATOR.requests(Operation.CANCEL).size() == 1);
        try (Connection holder = lock(id)) {
            long start = System.nanoTime();

            assertThat(reply.get().status()).isEqualTo(202);

            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(IN_TIME);
            assertThat(state(id)).isEqualTo("requested");
            holder.rollback();
        }
        // it is written down all the same, and counted then
        await().untilAsserted(() -> assertThat(state(id)).isEqualTo("canceling"));
        await().untilAsserted(() -> assertThat(accepted()).isEqualTo(before + 70));
    }

    @Test
    void aShutdownWaitsAsLongAsAPollMayTake() {
        // two attempts of half a second, and the ledger
        assertThat(scheduler.getShutdownMaxWait()).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(10));
    }

    private double accepted() {
        return meters.find("cancel.gateway.accepted.canceled.items").summaries().stream()
                .mapToDouble(summary -> summary.totalAmount())
                .sum();
    }

    private Connection lock(String batchId) throws Exception {
        Connection connection = database.getConnection();
        connection.setAutoCommit(false);
        try (PreparedStatement statement =
                connection.prepareStatement("UPDATE cancellation SET attempts = attempts WHERE batch_id = ?")) {
            statement.setString(1, batchId);
            assertThat(statement.executeUpdate()).isEqualTo(1);
        }
        return connection;
    }

    private String state(String batchId) {
        return record(batchId).path("state").stringValue();
    }

    private int requests(String batchId) {
        return record(batchId).path("requests").size();
    }

    private JsonNode record(String batchId) {
        return send("GET", "/v1/cancellations/" + batchId, "Authorization", "Bearer " + TOKEN)
                .json();
    }
}
