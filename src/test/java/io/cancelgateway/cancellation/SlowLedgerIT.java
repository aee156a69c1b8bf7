package io.cancelgateway.cancellation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.kagkarlsson.scheduler.boot.config.DbSchedulerProperties;
import io.cancelgateway.ledger.LedgerAvailability;
import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.Reply;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
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
    private LedgerAvailability availability;

    @Autowired
    private DbSchedulerProperties scheduler;

    /** A request for the same record holds its lock: that says nothing about the database. */
    @Test
    void aCancelDoesNotWaitForALockLongerThanForTheLedger() throws Exception {
        String id = ACME.createBatch().id();
        assertThat(cancel(id).status()).isEqualTo(202);
        double unrecorded = count("cancel.gateway.unrecorded");
        try (Connection holder = lock(id)) {
            for (int i = 0; i < 4; i++) {
                long start = System.nanoTime();

                Reply reply = cancel(id);

                assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(IN_TIME);
                assertThat(reply.status()).as(reply.text()).isEqualTo(202);
                assertThat(reply.header("Cancellation-Recorded")).isEqualTo("false");
            }
            assertThat(availability.available()).isTrue();
            assertThat(cancel(ACME.createBatch().id()).header("Cancellation-Recorded"))
                    .isNull();
            holder.rollback();
        }
        assertThat(count("cancel.gateway.unrecorded")).isEqualTo(unrecorded + 4);
        // they are written down late
        await().untilAsserted(() -> {
            assertThat(outcomes(id)).containsExactly("accepted", "accepted", "accepted", "accepted", "accepted");
            assertThat(record(id).path("attempts").intValue()).isEqualTo(5);
        });
    }

    /** H2 gives up on a lock after two seconds; what it says then must not be taken for a ledger that failed. */
    @Test
    void aLockThatComesFreeLateIsWaitedForInSeveralTries() throws Exception {
        String id = ACME.createBatch().id();
        assertThat(cancel(id).status()).isEqualTo(202);
        try (Connection holder = lock(id)) {
            assertThat(cancel(id).header("Cancellation-Recorded")).isEqualTo("false");
            CountDownLatch later = new CountDownLatch(1);
            assertThat(later.await(3, TimeUnit.SECONDS)).isFalse(); // longer than H2 waits
            assertThat(availability.available()).isTrue();
            holder.rollback();
        }

        await().untilAsserted(() -> assertThat(outcomes(id)).containsExactly("accepted", "accepted"));
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

    private List<String> outcomes(String batchId) {
        return record(batchId)
                .path("requests")
                .valueStream()
                .map(request -> request.path("outcome").asString(""))
                .toList();
    }

    private JsonNode record(String batchId) {
        return send("GET", "/v1/cancellations/" + batchId, "Authorization", "Bearer " + TOKEN)
                .json();
    }
}
