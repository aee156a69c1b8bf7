package io.cancelgateway.cancellation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.ledger.LedgerAvailability;
import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.Sha256;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.test.context.TestPropertySource;
import tools.jackson.databind.JsonNode;

/** {@code POST /v1/cancellations}: several batches, or all that run, with a result for each. */
@TestPropertySource(
        properties = {
            "gateway.upstream.deadline=30s",
            "gateway.upstream.attempt-timeout=10s",
            "gateway.follow-up.initial-delay=50ms",
            "gateway.follow-up.max-delay=500ms",
            "db-scheduler.polling-interval=100ms"
        })
@DirtiesContext // its follow-ups must not ask on while others count requests
class BulkIT extends EndToEnd {

    private static final String MALFORMED = "parameter_invalid";
    private static final String BULK_KEY = "tlk_bulk_5555";
    private static final String BULK_TOKEN = "token-of-bulk";
    private static final TwelveLabsSimulator.Account ACCOUNT = SIMULATOR.account(BULK_KEY);
    private static final Duration AN_HOUR = Duration.ofHours(1);

    /** A tenant of its own: other tests leave running batches in the others' accounts. */
    @DynamicPropertySource
    static void bulk(DynamicPropertyRegistry registry) {
        registry.add("gateway.tenants.bulk.api-key", () -> BULK_KEY);
        registry.add("gateway.callers.bulk.token-sha256", () -> Sha256.hex(BULK_TOKEN));
        registry.add("gateway.callers.bulk.tenants", () -> "bulk");
    }

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
    void eachBatchHasAResultInTheOrderOfTheRequest() {
        String running = ACCOUNT.createBatch(7, 2, AN_HOUR).id();
        String completed = ACCOUNT.createCompletedBatch().id();
        String unknown = "68f4ddaf8aaa60d33df0ffff";
        double accepted = counted("accepted");

        Reply reply = bulk("""
                {"batch_ids": ["%s", "%s", "%s", "%s"], "reason": "too dear"}
                """.formatted(unknown, running.toUpperCase(Locale.ROOT), completed, running));

        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
        assertThat(reply.header("Content-Type")).isEqualTo("application/json");
        List<JsonNode> results = results(reply);
        assertThat(strings(results, "batch_id"))
                .containsExactly(unknown, running.toUpperCase(Locale.ROOT), completed, running);
        assertThat(strings(results, "outcome"))
                .containsExactly("not_found", "accepted", "already_terminal", "accepted");
        assertThat(results.get(0).path("error").path("code").stringValue()).isEqualTo("resource_not_exist");
        assertThat(results.get(1).path("batch").path("status").stringValue()).isEqualTo("canceling");
        assertThat(results.get(2).path("error").propertyNames()).containsExactly("code", "message");
        assertThat(results.get(3).path("batch")).isEqualTo(results.get(1).path("batch"));
        // once, though it was named twice
        assertThat(SIMULATOR.requests(Operation.CANCEL)).hasSize(3);
        assertThat(counted("accepted")).isEqualTo(accepted + 1);
        assertThat(record(running).path("reason").stringValue()).isEqualTo("too dear");
        assertThat(record(running).path("requests").path(0).path("trace_id").stringValue())
                .matches("[0-9a-f]{32}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nonsense",
                "[]",
                "{}",
                "{\"batch_ids\": []}",
                "{\"batch_ids\": \"68f4ddaf8aaa60d33df0e800\"}",
                "{\"batch_ids\": [7]}",
                "{\"batch_ids\": [\"68f4ddaf8aaa60d33df0e800\", \"no id\"]}",
                "{\"batch_ids\": [\"68f4ddaf8aaa60d33df0e800\"], \"all_active\": true}",
                "{\"all_active\": false}",
                "{\"all_active\": \"yes\"}",
                "{\"all_active\": true, \"reason\": 7}",
                "{\"all_active\": true, \"reason\": \"\\u0007\"}",
                "{\"all_active\": true, \"reson\": \"\"}",
                "{\"all_active\": true} x",
                "{\"all_active\": true, \"all_active\": true}",
            })
    void aMalformedBodyIsRefusedAsAWhole(String body) {
        double refused = count("cancel.gateway.cancellations", "tenant", "none", "outcome", "refused");

        bulk(body).isProblem(400, MALFORMED);

        assertThat(SIMULATOR.requests(Operation.CANCEL)).isEmpty();
        awaitCount(refused + 1, "cancel.gateway.cancellations", "tenant", "none", "outcome", "refused");
    }

    @Test
    void fiftyOneBatchesAreTooMany() {
        bulk(body(ids(51))).isProblem(400, MALFORMED);

        assertThat(SIMULATOR.requests(Operation.CANCEL)).isEmpty();
    }

    @Test
    void anotherContentTypeOrTooLargeABodyIsRefused() {
        send("POST", "/v1/cancellations", HttpRequest.BodyPublishers.ofString("{}"), "x-api-key", BULK_TOKEN)
                .isProblem(415, "unsupported_media_type");
        bulk("{\"reason\": \"" + "x".repeat(1024 * 1024) + "\"}").isProblem(413, "content_too_large");
        send(
                        "POST",
                        "/v1/cancellations",
                        HttpRequest.BodyPublishers.ofString("{\"all_active\": true}"),
                        "x-api-key",
                        READ_TOKEN,
                        "Content-Type",
                        "application/json")
                .isProblem(403, "permission_denied");
    }

    @Test
    void cancelsAllThatRun() {
        List<SimulatedBatch> running = IntStream.range(0, 60)
                .mapToObj(_ -> ACCOUNT.createBatch(2, 1, AN_HOUR))
                .toList();
        ACCOUNT.createCompletedBatch();

        Reply reply = bulk("{\"all_active\": true}");

        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
        assertThat(strings(results(reply), "outcome")).containsOnly("accepted");
        assertThat(strings(results(reply), "batch_id"))
                .containsAll(running.stream().map(SimulatedBatch::id).toList());

        Reply none = bulk("{\"all_active\": true}");
        assertThat(none.status()).isEqualTo(200);
        assertThat(none.text()).isEqualTo("{\"results\":[]}");
    }

    @ParameterizedTest
    @CsvSource({"'', 0", "respond-async, 0"})
    void nothingIsSentWhereTheListFails(String prefer, int sent) {
        ACCOUNT.createBatch(2, 1, AN_HOUR);
        SIMULATOR.always(Operation.LIST, Fault.status(503, "down"));
        double failed = counted("upstream_error");

        bulk("{\"all_active\": true}", "Prefer", prefer).isProblem(502, "upstream_error");

        assertThat(SIMULATOR.requests(Operation.CANCEL)).hasSize(sent);
        assertThat(counted("upstream_error")).isEqualTo(failed + 1);
        SIMULATOR.reset();
        bulk("{\"all_active\": true}");
    }

    @Test
    void aPauseThatDoesNotFitTheDeadlineIsToldOnTheWhole() {
        List<String> ids = ids(20);
        // the first cancels that come are told to wait for a minute
        SIMULATOR.always(Operation.CANCEL, Fault.rateLimited("60"));

        Reply reply = bulk(body(ids));

        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
        assertThat(strings(results(reply), "outcome")).containsOnly("rate_limited");
        assertThat(Integer.parseInt(reply.header("Retry-After"))).isBetween(40, 60);
    }

    @Test
    void aPauseThatFitsTheDeadlineLosesNoBatch() {
        List<String> ids = ids(20);
        SIMULATOR.next(Operation.CANCEL, Fault.none(), Fault.none(), Fault.rateLimited("1"));

        Reply reply = bulk(body(ids));

        // a call is made once here, so the one that was told to wait is told so
        assertThat(strings(results(reply), "outcome")).containsOnly("accepted", "rate_limited");
        assertThat(strings(results(reply), "outcome"))
                .filteredOn("rate_limited"::equals)
                .hasSize(1);
        assertThat(SIMULATOR.requests(Operation.CANCEL)).hasSize(20);
    }

    @Test
    void isQueuedAsAWhole() {
        List<String> ids = ids(50);
        SIMULATOR.always(Operation.CANCEL, Fault.status(503, "down"));

        Reply reply = bulk(body(ids), "Prefer", "respond-async");

        assertThat(reply.status()).as(reply.text()).isEqualTo(202);
        assertThat(reply.header("Preference-Applied")).isEqualTo("respond-async");
        assertThat(strings(results(reply), "outcome")).containsOnly("queued").hasSize(50);
        SIMULATOR.reset();
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(ids)
                        .allSatisfy(id -> assertThat(record(id).path("state").asString(""))
                                .isIn("canceling", "canceled")));
    }

    /** The account allows 60 requests in a window, and has used 30 of them. */
    @Test
    void everyBatchHasATruthfulOutcomeWhereTheAccountAllowsLess() {
        List<String> ids = ids(50);
        ACCOUNT.allow(60, Duration.ofMinutes(1));
        for (int i = 0; i < 30; i++) {
            assertThat(send("GET", batchPath(ids.getFirst()), "x-api-key", BULK_TOKEN)
                            .status())
                    .isEqualTo(200);
        }

        Reply reply = bulk(body(ids));

        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
        List<JsonNode> results = results(reply);
        assertThat(strings(results, "outcome")).containsOnly("accepted", "rate_limited");
        assertThat(Integer.parseInt(reply.header("Retry-After"))).isBetween(20, 60);
        for (JsonNode result : results) {
            boolean accepted = result.path("outcome").stringValue().equals("accepted");
            assertThat(ACCOUNT.status(result.path("batch_id").stringValue()))
                    .isIn(accepted ? List.of("canceling", "canceled") : List.of("pending", "processing"));
        }
        ACCOUNT.allow(Integer.MAX_VALUE, Duration.ofSeconds(1));
        time.push(Duration.ofMinutes(2));
    }

    /** Time compressed: 60 requests in 5 seconds, follow-ups included. */
    @Test
    void everyQueuedBatchEndsCanceledWhereTheAccountAllowsLess() {
        List<String> ids = ids(50);
        ACCOUNT.allow(60, Duration.ofSeconds(5));

        assertThat(bulk(body(ids), "Prefer", "respond-async").status()).isEqualTo(202);

        await().atMost(Duration.ofSeconds(90))
                .pollInterval(Duration.ofSeconds(1))
                .untilAsserted(() -> assertThat(ids)
                        .allSatisfy(id -> assertThat(record(id).path("state").asString(""))
                                .isEqualTo("canceled")));
        ACCOUNT.allow(Integer.MAX_VALUE, Duration.ofSeconds(1));
    }

    private static List<String> ids(int count) {
        return IntStream.range(0, count)
                .mapToObj(_ -> ACCOUNT.createBatch(2, 0, AN_HOUR).id())
                .toList();
    }

    private static String body(List<String> ids) {
        return "{\"batch_ids\": [\"" + String.join("\", \"", ids) + "\"]}";
    }

    private static List<JsonNode> results(Reply reply) {
        return reply.json().path("results").valueStream().toList();
    }

    private static List<String> strings(List<JsonNode> results, String field) {
        return results.stream().map(result -> result.path(field).asString("")).toList();
    }

    private double counted(String outcome) {
        return count("cancel.gateway.cancellations", "tenant", "bulk", "outcome", outcome);
    }

    private Reply bulk(String body, String... headers) {
        return send(
                "POST",
                "/v1/cancellations",
                HttpRequest.BodyPublishers.ofString(body),
                Stream.concat(
                                Stream.of("x-api-key", BULK_TOKEN, "Content-Type", "application/json"),
                                Stream.of(headers))
                        .toArray(String[]::new));
    }

    private JsonNode record(String batchId) {
        return send("GET", "/v1/cancellations/" + batchId, "x-api-key", BULK_TOKEN)
                .json();
    }
}
