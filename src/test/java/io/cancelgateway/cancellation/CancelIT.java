package io.cancelgateway.cancellation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.cancelgateway.platform.AuditEvent;
import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.RecordedRequest;
import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.GatewayLog;
import io.cancelgateway.support.Reply;
import io.cancelgateway.tenant.TenantId;
import io.micrometer.core.instrument.DistributionSummary;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What comes out of the gateway when the upstream behaves, and what it is asked. */
class CancelIT extends EndToEnd {

    @Test
    void cancelAnswers202WithTheBatchAndRetrieveShowsItsEnd() {
        SimulatedBatch batch = ACME.createBatch();

        Reply canceled = cancel(batch.id());

        assertThat(canceled.status()).isEqualTo(202);
        assertThat(canceled.header("Content-Type")).isEqualTo("application/json");
        assertThat(canceled.json().path("status").stringValue()).isEqualTo("canceling");
        assertThat(canceled.json().path("canceled_items").intValue()).isEqualTo(70);

        batch.drain(Instant.now());
        Reply retrieved = retrieve(batch.id());

        assertThat(retrieved.status()).isEqualTo(200);
        assertThat(retrieved.json().path("status").stringValue()).isEqualTo("canceled");
        assertThat(retrieved.json().path("ready_items").intValue()).isEqualTo(3);
    }

    @Autowired
    private JdbcClient database;

    @Autowired
    private ObjectProvider<SpanExporter> exporters;

    @Test
    void noTraceIsExportedUnlessAnEndpointIsSet() {
        assertThat(exporters).isEmpty();
    }

    /** Nothing wakes only to find that there is nothing to do. */
    @Test
    void aCancellationThatEndsAtOnceLeavesNoFollowUpBehind() {
        long before = followUps();
        cancel(ACME.createBatch().id());
        assertThat(followUps()).isEqualTo(before + 1);

        cancel("000000000000000000000404").isProblem(404, "resource_not_exist");
        cancel(ACME.createCompletedBatch().id()).isProblem(409, "batch_completed");
        SIMULATOR.next(Operation.CANCEL, Fault.status(401, "api_key_invalid"));
        cancel(ACME.createBatch().id()).isProblem(502, "tenant_key_rejected");
        // found canceled after an attempt without an answer
        SIMULATOR.next(Operation.CANCEL, Fault.body(202, "application/json", "{}"));
        assertThat(cancel(ACME.createBatch(5, 0, Duration.ofHours(1)).id()).status())
                .isEqualTo(200);

        assertThat(followUps()).isEqualTo(before + 1);
    }

    /** Although the ledger is written on a thread of its own. */
    @Test
    void theLogTellsTheEndOfACancellationWithTheCallersTrace() {
        try (GatewayLog log = new GatewayLog(AuditEvent.LOGGER)) {
            cancel(
                            "000000000000000000000405",
                            "x-api-key",
                            TOKEN,
                            "traceparent",
                            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
                    .isProblem(404, "resource_not_exist");

            assertThat(log.events())
                    .filteredOn(event -> event.getFormattedMessage().contains("ended: not_found"))
                    .singleElement()
                    .satisfies(event -> assertThat(event.getMDCPropertyMap())
                            .containsEntry("traceId", "4bf92f3577b34da6a3ce929d0e0e4736"));
        }
    }

    @Test
    void theLogHasAnEventForEachCancelWithItsFields() {
        SimulatedBatch batch = ACME.createBatch(5, 0, Duration.ofHours(1));
        try (GatewayLog log = new GatewayLog("io.cancelgateway")) {
            cancel(batch.id(), "x-api-key", TOKEN, "X-Cancel-Reason", "too slow");
            SIMULATOR.next(Operation.CANCEL, Fault.rateLimited("60"));
            cancel(ACME.createBatch().id()).isProblem(429, "too_many_requests");
            cancel(batch.id()).isProblem(429, "too_many_requests");

            assertThat(fields(log, "Cancel of batch"))
                    .extracting(
                            fields -> fields.get("outcome"),
                            fields -> fields.get("attempts"),
                            fields -> fields.get("cause"))
                    .containsExactly(
                            tuple("accepted", 1, null),
                            tuple("rate_limited", 1, "upstream_429"),
                            tuple("rate_limited", 0, "paused"));
            assertThat(fields(log, "Cancel of batch").getFirst())
                    .containsOnlyKeys(
                            "event.action",
                            "batch_id",
                            "tenant",
                            "caller",
                            "reason",
                            "outcome",
                            "recorded",
                            "received_at",
                            "duration_ms",
                            "attempts")
                    .containsEntry("event.action", "cancel")
                    .containsEntry("recorded", true)
                    .containsEntry("batch_id", batch.id())
                    .containsEntry("tenant", new TenantId("acme"))
                    .containsEntry("caller", "billing")
                    .containsEntry("reason", "too slow")
                    .hasEntrySatisfying(
                            "duration_ms", took -> assertThat((Long) took).isBetween(0L, 2000L));
            // once, when it begins
            assertThat(fields(log, "The upstream limits the rate"))
                    .containsExactly(Map.of("tenant", new TenantId("acme"), "retry_after_ms", 60_000L));
        }
    }

    private static List<Map<String, Object>> fields(GatewayLog log, String message) {
        return log.events().stream()
                .filter(event -> event.getFormattedMessage().startsWith(message))
                .map(event -> {
                    Map<String, Object> fields = new HashMap<>();
                    event.getKeyValuePairs().forEach(pair -> fields.put(pair.key, pair.value));
                    return fields;
                })
                .toList();
    }

    private long followUps() {
        return database.sql("SELECT COUNT(*) FROM scheduled_tasks WHERE task_name = 'follow-up'")
                .query(Long.class)
                .single();
    }

    @Test
    void theUpstreamIsAskedWithTheTenantsKeyAndNothingOfTheCaller() {
        SimulatedBatch batch = ACME.createBatch();

        send(
                "POST",
                cancelPath(batch.id()),
                HttpRequest.BodyPublishers.ofString("{}"),
                "x-api-key",
                TOKEN,
                "X-Tenant-Id",
                "acme",
                "X-Cancel-Reason",
                "wrong videos",
                "Content-Type",
                "application/json",
                "traceparent",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                "tracestate",
                "vendor=opaque",
                "baggage",
                "user=alice",
                "Cookie",
                "a=b");

        RecordedRequest asked = SIMULATOR.requests().getFirst();
        assertThat(asked.method()).isEqualTo("POST");
        assertThat(asked.uri()).isEqualTo(cancelPath(batch.id()));
        assertThat(asked.body()).isEmpty();
        assertThat(asked.headers().keySet())
                .containsExactlyInAnyOrder(
                        "host", "user-agent", "accept", "x-api-key", "content-length", "traceparent");
        assertThat(asked.header("x-api-key")).contains(ACME_KEY);
        assertThat(asked.header("content-length")).contains("0");
        assertThat(asked.header("traceparent").orElseThrow()).startsWith("00-4bf92f3577b34da6a3ce929d0e0e4736-");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"status\":\"canceling\",\"cost\":2.50,\"big\":1E3,\"n\":123456789012345678901234567890}",
                " {\r\n\t\"status\" :\"sleeping\" , \"new_field\":{\"a\":[1, 2,  3]}, \"canceled_items\": 7E1 }\n\n",
                "{\"status\":\"\\u0063anceling\",\"name\":\"\u00fc \ud83d\ude80\","
                        + "\"status2\":null,\"canceled_items\":-1}",
                "{\"status\":\"canceling\",\"a\":1,\"a\":2,\"canceled_items\":\"many\"}",
            })
    void successBodiesGoThroughByteForByte(String body) {
        upstreamSendsNonsense = true;
        SimulatedBatch batch = ACME.createBatch();
        SIMULATOR.next(Operation.CANCEL, Fault.body(202, "application/json; charset=utf-8", body));
        SIMULATOR.next(Operation.RETRIEVE, Fault.body(200, "application/octet-stream", body));

        Reply canceled = cancel(batch.id());
        Reply retrieved = retrieve(batch.id());

        assertThat(canceled.status()).isEqualTo(202);
        assertThat(canceled.bytes()).isEqualTo(body.getBytes(StandardCharsets.UTF_8));
        assertThat(retrieved.status()).isEqualTo(200);
        assertThat(retrieved.bytes()).isEqualTo(body.getBytes(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @CsvSource({
        "Accept,text/html",
        "Accept,nonsense",
        "Content-Type,nonsense",
        "Content-Type,multipart/form-data; boundary=x"
    })
    void whateverAClientSendsAlongWithACancelIsIgnored(String header, String value) {
        SimulatedBatch batch = ACME.createBatch();

        Reply reply = send(
                "POST",
                cancelPath(batch.id()),
                HttpRequest.BodyPublishers.ofString("--x\r\nnot what it says"),
                "Authorization",
                "Bearer " + TOKEN,
                header,
                value);

        assertThat(reply.status()).as(reply.text()).isEqualTo(202);
    }

    @Test
    void aBatchIdIsSentUpstreamAsGiven() {
        SimulatedBatch batch = ACME.createBatch();
        String upper = batch.id().toUpperCase(java.util.Locale.ROOT);

        assertThat(cancel(upper).status()).isEqualTo(202);

        assertThat(SIMULATOR.requests().getFirst().uri()).isEqualTo(cancelPath(upper));
    }

    @Test
    void aTenantSeesItsOwnBatchesOnly() {
        SimulatedBatch batch = GLOBEX.createBatch();

        cancel(batch.id()).isProblem(404, "resource_not_exist");
        assertThat(cancel(batch.id(), "x-api-key", WIDE_TOKEN, "X-Tenant-Id", "globex")
                        .status())
                .isEqualTo(202);
    }

    @Test
    void theMetersSayWhatCameOut() {
        double accepted = count("cancel.gateway.cancellations", "tenant", "acme", "outcome", "accepted");
        double notFound = count("cancel.gateway.cancellations", "tenant", "acme", "outcome", "not_found");
        DistributionSummary items = meters.summary("cancel.gateway.accepted.canceled.items", "tenant", "acme");
        double sum = items.totalAmount();
        long summaries = items.count();
        double attempts = count("cancel.gateway.upstream.attempts", "operation", "cancel", "result", "success");
        double retrieves = count("cancel.gateway.upstream.attempts", "operation", "retrieve", "result", "success");

        cancel(ACME.createBatch().id());
        cancel("000000000000000000000000");
        retrieve(ACME.createBatch().id());

        assertThat(count("cancel.gateway.cancellations", "tenant", "acme", "outcome", "accepted"))
                .isEqualTo(accepted + 1);
        assertThat(count("cancel.gateway.cancellations", "tenant", "acme", "outcome", "not_found"))
                .isEqualTo(notFound + 1);
        assertThat(items.count()).isEqualTo(summaries + 1);
        assertThat(items.totalAmount()).isEqualTo(sum + 70);
        assertThat(count("cancel.gateway.upstream.attempts", "operation", "cancel", "result", "success"))
                .isEqualTo(attempts + 1);
        assertThat(count("cancel.gateway.upstream.attempts", "operation", "retrieve", "result", "success"))
                .isEqualTo(retrieves + 1);
    }

    @Test
    void httpMetersHaveTemplatesNotPaths() {
        String id = ACME.createBatch().id();
        cancel(id);
        retrieve(id);
        send("GET", "/no/such/path", "x-api-key", TOKEN);
        send("GET", "/v1.3/analyze/batches/nonsense", "x-api-key", TOKEN);
        send("POST", cancelPath(id), "x-api-key", "nobody's");

        String scrape = management("/actuator/prometheus").text();

        assertThat(scrape)
                .contains("uri=\"/v1.3/analyze/batches/{batch_id}/cancel\"")
                .contains("uri=\"/v1.3/analyze/batches/{batch_id}\"")
                .doesNotContain(id)
                .doesNotContain("/no/such")
                .doesNotContain("nonsense");
        assertThat(List.of(scrape.split("\n")))
                .anyMatch(line -> line.startsWith("http_client_requests_seconds_count")
                        && line.contains("uri=\"/v1.3/analyze/batches/{batch_id}/cancel\""))
                .anyMatch(line -> line.startsWith("cancel_gateway_cancellations_total"))
                .anyMatch(line -> line.startsWith("cancel_gateway_accepted_canceled_items_count"))
                .anyMatch(line -> line.startsWith("cancel_gateway_upstream_attempts_total"))
                .anyMatch(line -> line.equals(
                        "cancel_gateway_tenant_keys{application=\"cancel-gateway\",state=\"duplicate\"} 2.0"))
                .anyMatch(line -> line.startsWith("cancel_gateway_tenant_key_trouble{application=\"cancel-gateway\","
                        + "state=\"duplicate\",tenant=\"twin-a\"} 1"));
    }

    @Test
    void aSlowAnswerWithinTheAttemptTimeoutIsAnAnswer() {
        SIMULATOR.next(Operation.CANCEL, Fault.slow(Duration.ofMillis(200)));

        assertThat(cancel(ACME.createBatch().id()).status()).isEqualTo(202);
    }
}
