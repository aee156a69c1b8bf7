package io.cancelgateway.cancellation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import io.cancelgateway.ledger.CancellationKey;
import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.Reply;
import io.cancelgateway.tenant.TenantId;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.TestPropertySource;

/** {@code Prefer: wait=N}: the caller waits for the end of the batch. */
@TestPropertySource(properties = "gateway.wait.max=60s")
class WaitIT extends EndToEnd {

    private static final Duration AN_HOUR = Duration.ofHours(1);

    @Autowired
    private DataSource database;

    @Autowired
    private BatchWaits waits;

    @Test
    void isAnsweredWithTheBatchAtItsEnd() {
        SimulatedBatch batch = ACME.createBatch(7, 2, Duration.ofSeconds(1));
        double confirmed = count("cancel.gateway.cancellations", "tenant", "acme", "outcome", "confirmed");

        Reply reply = cancel(batch.id(), "wait=15");

        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
        assertThat(reply.header("Preference-Applied")).isEqualTo("wait=15");
        assertThat(reply.json().path("status").stringValue()).isEqualTo("canceled");
        assertThat(record(batch, "state")).isEqualTo("canceled");
        assertThat(record(batch, "finished_at")).isNotEmpty();
        assertThat(reply(batch).json().path("requests").path(0).path("outcome").stringValue())
                .isEqualTo("confirmed");
        assertThat(count("cancel.gateway.cancellations", "tenant", "acme", "outcome", "confirmed"))
                .isEqualTo(confirmed + 1);
    }

    @Test
    void isAnsweredWithTheLatestBatchWhenTheWaitIsOver() {
        SimulatedBatch batch = ACME.createBatch(7, 2, AN_HOUR);
        Instant start = Instant.now();

        Reply reply = cancel(batch.id(), "wait=3");

        assertThat(Duration.between(start, Instant.now())).isBetween(Duration.ofSeconds(3), Duration.ofSeconds(8));
        assertThat(reply.status()).as(reply.text()).isEqualTo(202);
        assertThat(reply.header("Preference-Applied")).isEqualTo("wait=3");
        assertThat(reply.json().path("status").stringValue()).isEqualTo("canceling");
    }

    @Test
    void waitsNoLongerThanTheGatewayGrants() {
        SimulatedBatch batch = ACME.createBatch(7, 2, Duration.ofSeconds(1));

        assertThat(cancel(batch.id(), "wait=3600").header("Preference-Applied")).isEqualTo("wait=60");
    }

    @ParameterizedTest
    @CsvSource({"wait=0, wait=0", "wait=soon,", "foo,"})
    void doesNotWaitWhereItIsNotAskedTo(String prefer, String applied) {
        Instant start = Instant.now();

        Reply reply = cancel(ACME.createBatch(7, 2, AN_HOUR).id(), prefer);

        assertThat(reply.status()).isEqualTo(202);
        assertThat(reply.header("Preference-Applied")).isEqualTo(applied);
        assertThat(Duration.between(start, Instant.now())).isLessThan(Duration.ofSeconds(2));
    }

    @Test
    void aRefusalDoesNotWait() {
        Reply reply = cancel(ACME.createCompletedBatch().id(), "wait=15").isProblem(409, "batch_completed");

        assertThat(reply.header("Preference-Applied")).isNull();
    }

    @Test
    void aPollThatFailsIsNoError() {
        SimulatedBatch batch = ACME.createBatch(7, 2, AN_HOUR);
        SIMULATOR.always(Operation.RETRIEVE, Fault.status(500, "down"));

        Reply reply = cancel(batch.id(), "wait=3");

        assertThat(reply.status()).as(reply.text()).isEqualTo(202);
        assertThat(reply.json().path("status").stringValue()).isEqualTo("canceling");
        assertThat(SIMULATOR.requests(Operation.RETRIEVE)).isNotEmpty();
    }

    /** Far more than there are connections to the database (20), and permits (32). */
    @Test
    void aThousandWaitersHaveOnePoller() {
        SimulatedBatch batch = ACME.createBatch(7, 2, AN_HOUR);
        assertThat(cancel(batch.id(), "wait=0").status()).isEqualTo(202);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<CompletableFuture<Reply>> waiters = new ArrayList<>();
            while (waiters.size() < 1_000) {
                for (int i = 0; i < 25; i++) { // no more at once than there are permits
                    waiters.add(CompletableFuture.supplyAsync(() -> cancel(batch.id(), "wait=60"), threads));
                }
                await().pollInterval(Duration.ofMillis(10))
                        .until(() -> SIMULATOR.requests(Operation.CANCEL).size() > waiters.size());
            }
            HikariPoolMXBean pool = ((HikariDataSource) database).getHikariPoolMXBean();
            await().until(() -> pool.getActiveConnections() == 0);
            assertThat(waiters).noneMatch(CompletableFuture::isDone);

            // another caller has the permits and the database to itself
            SimulatedBatch other = ACME.createBatch(1, 0, AN_HOUR);
            assertThat(cancel(other.id(), "wait=0").status()).isEqualTo(202);

            int polls = SIMULATOR.requests(Operation.RETRIEVE).size();
            await().until(() -> SIMULATOR.requests(Operation.RETRIEVE).size() > polls);
            batch.drain(Instant.now());
            assertThat(waiters)
                    .allSatisfy(waiter -> assertThat(waiter.join().status()).isEqualTo(200));
            // one every two seconds at most, for a minute
            assertThat(SIMULATOR.requests(Operation.RETRIEVE)).hasSizeLessThan(31);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"wait=60", "respond-async, wait=60"})
    void aCallerThatHangsUpEndsItsWaitAndNothingElse(String prefer) throws Exception {
        SimulatedBatch batch = ACME.createBatch(7, 2, AN_HOUR);
        try (Socket caller = connect()) {
            write(caller, cancelOf(batch, prefer));
            await().until(() -> isWatched(batch));
        }
        await().atMost(Duration.ofSeconds(5)).until(() -> !isWatched(batch));
        assertThat(batch.status(Instant.now())).isEqualTo("canceling");
        assertThat(record(batch, "state")).isEqualTo("canceling");
    }

    @Test
    void aCallerThatSendsNothingMoreIsAnsweredAtOnce() throws Exception {
        SimulatedBatch batch = ACME.createBatch(7, 2, AN_HOUR);
        try (Socket caller = connect()) {
            caller.setSoTimeout(10_000);
            write(caller, cancelOf(batch, "wait=60"));
            await().until(() -> isWatched(batch));
            caller.shutdownOutput();
            assertThat(readHead(caller)).startsWith("HTTP/1.1 202").doesNotContain("Preference-Applied");
        }
    }

    @Test
    void aSecondRequestBehindIsNoHangUp() throws Exception {
        SimulatedBatch batch = ACME.createBatch(7, 2, AN_HOUR);
        try (Socket caller = connect()) {
            caller.setSoTimeout(10_000);
            write(caller, cancelOf(batch, "wait=4"));
            await().until(() -> isWatched(batch));
            write(caller, cancelOf(batch, "wait=0"));
            assertThat(readHead(caller)).startsWith("HTTP/1.1 202").contains("Preference-Applied: wait=4");
        }
    }

    private Socket connect() throws IOException {
        return new Socket("127.0.0.1", port);
    }

    private static void write(Socket caller, String text) throws IOException {
        caller.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static String cancelOf(SimulatedBatch batch, String prefer) {
        return "POST /v1.3/analyze/batches/" + batch.id() + "/cancel HTTP/1.1\r\nHost: gateway\r\nx-api-key: " + TOKEN
                + "\r\nPrefer: " + prefer + "\r\nContent-Length: 0\r\n\r\n";
    }

    private static String readHead(Socket caller) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int read = caller.getInputStream().read();
            if (read < 0) {
                return head.toString();
            }
            head.append((char) read);
        }
        return head.toString();
    }

    private boolean isWatched(SimulatedBatch batch) {
        return waits.isWatched(new CancellationKey(new TenantId("acme"), batch.id()));
    }

    @Test
    void anAsynchronousOneIsAnsweredWithTheBatchOrTheRecord() {
        SimulatedBatch running = ACME.createBatch(7, 2, AN_HOUR);
        Reply record = cancel(running.id(), "respond-async, wait=3");
        assertThat(record.status()).as(record.text()).isEqualTo(202);
        assertThat(record.header("Location")).isEqualTo("/v1/cancellations/" + running.id());
        assertThat(record.header("Preference-Applied")).isEqualTo("respond-async, wait=3");
        assertThat(record.json().path("state").stringValue()).isEqualTo("canceling");

        SimulatedBatch ended = ACME.createBatch(7, 0, AN_HOUR);
        Reply batch = cancel(ended.id(), "respond-async, wait=15");
        assertThat(batch.status()).as(batch.text()).isEqualTo(200);
        assertThat(batch.header("Preference-Applied")).isEqualTo("respond-async, wait=15");
        assertThat(batch.json().path("status").stringValue()).isEqualTo("canceled");
        assertThat(record(ended, "state")).isEqualTo("canceled");
    }

    private Reply cancel(String batchId, String prefer) {
        return cancel(batchId, "x-api-key", TOKEN, "Prefer", prefer);
    }

    private Reply reply(SimulatedBatch batch) {
        return send("GET", "/v1/cancellations/" + batch.id(), "x-api-key", TOKEN);
    }

    private String record(SimulatedBatch batch, String field) {
        return reply(batch).json().path(field).asString("");
    }
}
