package io.cancelgateway.cancellation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.ledger.LedgerAvailability;
import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.Reply;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.TestPropertySource;
import tools.jackson.databind.JsonNode;

/** {@code Prefer: respond-async}: recorded, answered, delivered later. */
@TestPropertySource(
        properties = {
            "gateway.follow-up.initial-delay=20ms",
            "gateway.follow-up.max-delay=100ms",
            "db-scheduler.polling-interval=50ms"
        })
@DirtiesContext // its follow-ups must not ask on while others count requests
class AsynchronousIT extends EndToEnd {

    private static final Duration AN_HOUR = Duration.ofHours(1);

    @Autowired
    private LedgerAvailability availability;

    @BeforeEach
    void theLedgerIsThere() {
        await().until(availability::available); // a machine under load may have made it slow
    }

    @AfterEach
    void nothingIsLeftToDeliver() {
        SIMULATOR.reset();
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
            time.push(Duration.ofSeconds(2)); // the gauge is read again
            assertThat(gauge("cancel.gateway.pending", "state", "requested")).isZero();
        });
    }

    @Test
    void isRecordedThenDelivered() {
        SimulatedBatch batch = ACME.createBatch(7, 0, AN_HOUR);
        SIMULATOR.always(Operation.CANCEL, Fault.status(503, "down"));
        double queued = count("cancel.gateway.cancellations", "tenant", "acme", "outcome", "queued");

        Reply reply = cancelAsync(batch.id(), "X-Cancel-Reason", "too dear");

        assertThat(reply.status()).as(reply.text()).isEqualTo(202);
        assertThat(reply.header("Location")).isEqualTo("/v1/cancellations/" + batch.id());
        assertThat(reply.header("Preference-Applied")).isEqualTo("respond-async");
        assertThat(reply.header("Content-Type")).isEqualTo("application/json");
        assertThat(reply.header("Cancellation-Recorded")).isNull();
        JsonNode record = reply.json();
        assertThat(record.path("batch_id").stringValue()).isEqualTo(batch.id());
        assertThat(record.path("reason").stringValue()).isEqualTo("too dear");
        assertThat(record.path("requests").path(0).path("outcome").stringValue())
                .isEqualTo("queued");
        assertThat(count("cancel.gateway.cancellations", "tenant", "acme", "outcome", "queued"))
                .isEqualTo(queued + 1);
        await().until(() -> attempts(batch.id()) > 2);
        assertThat(state(batch.id())).isEqualTo("requested");

        double items = count("cancel.gateway.items", "tenant", "acme", "result", "canceled");
        double accepted = acceptedItems();
        SIMULATOR.reset();

        await().until(() -> state(batch.id()).equals("canceled"));
        assertThat(record(batch.id())
                        .path("counts_final")
                        .path("canceled_items")
                        .intValue())
                .isEqualTo(7);
        awaitCount(items + 7, "cancel.gateway.items", "tenant", "acme", "result", "canceled");
        assertThat(acceptedItems()).isEqualTo(accepted + 7);
    }

    @Test
    void isAcceptedWhereEverySynchronousCancelIsRefusedAtTheDoor() {
        SimulatedBatch batch = ACME.createBatch(3, 0, AN_HOUR);
        SIMULATOR.next(Operation.CANCEL, Fault.rateLimited("60"));
        cancel(batch.id()).isProblem(429, "too_many_requests");
        cancel(batch.id()).isProblem(429, "too_many_requests");

        assertThat(cancelAsync(batch.id()).status()).isEqualTo(202);

        time.push(Duration.ofMinutes(2));
        await().until(() -> state(batch.id()).equals("canceled"));
    }

    @Test
    void makesASynchronousRecordThatIsNotResolvedAsynchronous() {
        SimulatedBatch batch = ACME.createBatch(3, 0, AN_HOUR);
        // its cancel may have taken effect, and nobody knows
        SIMULATOR.always(Operation.RETRIEVE, Fault.status(503, "down"));
        SIMULATOR.next(Operation.CANCEL, Fault.status(500, "down"));
        cancel(batch.id()).isProblem(502, "upstream_error");
        assertThat(state(batch.id())).isEqualTo("requested");
        assertThat(SIMULATOR.requests(Operation.CANCEL)).hasSize(1);

        assertThat(cancelAsync(batch.id()).status()).isEqualTo(202);

        await().until(() -> SIMULATOR.requests(Operation.CANCEL).size() == 2);
        SIMULATOR.reset();
        await().until(() -> state(batch.id()).equals("canceled"));
        assertThat(outcomes(batch.id())).containsExactly("queued", "upstream_error");
    }

    @Test
    void aSynchronousFailureDoesNotEndIt() {
        SimulatedBatch batch = ACME.createBatch(3, 0, AN_HOUR);
        SIMULATOR.always(Operation.CANCEL, Fault.status(503, "down"));
        assertThat(cancelAsync(batch.id()).status()).isEqualTo(202);
        await().until(() -> attempts(batch.id()) > 0);

        cancel(batch.id()).isProblem(502, "upstream_error");
        SIMULATOR.always(Operation.CANCEL, Fault.status(401, "no"));
        cancel(batch.id()).isProblem(502, "tenant_key_rejected");

        assertThat(state(batch.id())).isEqualTo("requested");
        SIMULATOR.always(Operation.CANCEL, Fault.none());
        // its delivery has met the refused key, and waits for a new one; an accepted request shows that the key is good
        assertThat(cancel(batch.id()).status()).isEqualTo(202);
        await().atMost(Duration.ofSeconds(20)).until(() -> state(batch.id()).equals("canceled"));
    }

    @Test
    void theUpstreamsWordOnTheBatchEndsIt() {
        SIMULATOR.next(Operation.CANCEL, Fault.status(503, "down"));
        String unknown = "68f4ddaf8aaa60d33df0ffff";
        assertThat(cancelAsync(unknown).status()).isEqualTo(202);
        await().until(() -> state(unknown).equals("not_found"));

        String completed = ACME.createCompletedBatch().id();
        assertThat(cancelAsync(completed).status()).isEqualTo(202);
        await().until(() -> state(completed).equals("completed"));
    }

    @Test
    void whatSomebodyElseCanceledIsNotCounted() {
        double items = count("cancel.gateway.items", "tenant", "acme", "result", "canceled");
        SimulatedBatch batch = ACME.createBatch(5, 0, AN_HOUR);
        batch.cancelNow(Instant.now());

        assertThat(cancelAsync(batch.id()).status()).isEqualTo(202);

        await().until(() -> state(batch.id()).equals("canceled"));
        assertThat(record(batch.id()).has("counts_final")).isFalse();
        assertThat(count("cancel.gateway.items", "tenant", "acme", "result", "canceled"))
                .isEqualTo(items);
    }

    @Test
    void aDeliveryWhoseAnswerWasLostIsCounted() {
        double items = count("cancel.gateway.items", "tenant", "acme", "result", "canceled");
        SimulatedBatch batch = ACME.createBatch(5, 0, AN_HOUR);
        SIMULATOR.next(Operation.CANCEL, Fault.resetAfter());

        assertThat(cancelAsync(batch.id()).status()).isEqualTo(202);

        await().until(() -> state(batch.id()).equals("canceled"));
        assertThat(attempts(batch.id())).isEqualTo(2);
        awaitCount(items + 5, "cancel.gateway.items", "tenant", "acme", "result", "canceled");
    }

    @Test
    void joinsWhatIsCancelingAndWhatHasEnded() {
        SimulatedBatch batch = ACME.createBatch(3, 0, AN_HOUR);
        assertThat(cancel(batch.id()).status()).isEqualTo(202);
        await().until(() -> state(batch.id()).equals("canceled"));

        Reply reply = cancelAsync(batch.id());

        assertThat(reply.status()).isEqualTo(202);
        assertThat(reply.json().path("state").stringValue()).isEqualTo("canceled");
        assertThat(SIMULATOR.requests(Operation.CANCEL)).hasSize(1);
    }

    private double acceptedItems() {
        return meters.find("cancel.gateway.accepted.canceled.items").summaries().stream()
                .mapToDouble(summary -> summary.totalAmount())
                .sum();
    }

    private Reply cancelAsync(String batchId, String... headers) {
        String[] all = Stream.concat(Stream.of("x-api-key", TOKEN, "Prefer", "respond-async"), Stream.of(headers))
                .toArray(String[]::new);
        return cancel(batchId, all);
    }

    private JsonNode record(String batchId) {
        return send("GET", "/v1/cancellations/" + batchId, "x-api-key", TOKEN).json();
    }

    private String state(String batchId) {
        return record(batchId).path("state").asString("");
    }

    private int attempts(String batchId) {
        return record(batchId).path("attempts").intValue();
    }

    private List<String> outcomes(String batchId) {
        return record(batchId)
                .path("requests")
                .valueStream()
                .map(request -> request.path("outcome").asString(""))
                .toList();
    }
}
