package io.cancelgateway.problem;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.Reply;
import java.net.http.HttpRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every line of the error table that needs a started gateway, provoked. */
class ErrorTableIT extends EndToEnd {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "68f4ddaf8aaa60d33df0e80",
                "68f4ddaf8aaa60d33df0e8000",
                "g8f4ddaf8aaa60d33df0e800",
                "68f4ddaf8aaa60d33df0e80%D9%A3", // an Arabic-Indic digit
                "68f4ddaf8aaa60d33df0e80%EF%BC%91", // a full-width digit
                "68f4ddaf8aaa60d33df0e800%0A",
                "68f4ddaf8aaa60d33df0e800%0D%0AX:%20y",
                "68f4ddaf8aaa60d33df0e800;a=b",
                "68f4ddaf8aaa60d33df0e800%3Ba=b",
                "%20",
                "68f4ddaf8aaa60d33df0e800%20",
            })
    void aMalformedBatchIdIs400AndNothingIsSent(String id) {
        double refused = count("cancel.gateway.cancellations", "tenant", "none", "outcome", "refused");

        cancel(id).isProblem(400, "parameter_invalid");
        retrieve(id).isProblem(400, "parameter_invalid");

        assertThat(SIMULATOR.requests()).isEmpty();
        awaitCount(refused + 1, "cancel.gateway.cancellations", "tenant", "none", "outcome", "refused");
    }

    @ParameterizedTest
    @ValueSource(strings = {"%2F", "68f4ddaf8aaa60d33df0e800%2Fx", "%00", "68f4ddaf8aaa60d33df0e800%00", "%5C"})
    void whatTomcatRefusesInAPathHasTheSameShape(String id) {
        cancel(id).isProblem(400, "bad_request");

        assertThat(SIMULATOR.requests()).isEmpty();
    }

    @Test
    void malformedHeadersAre400() {
        String id = ACME.createBatch().id();

        cancel(id, "x-api-key", TOKEN, "X-Cancel-Reason", "a".repeat(257)).isProblem(400, "parameter_invalid");
        cancel(id, "x-api-key", TOKEN, "X-Cancel-Reason", "tab\there").isProblem(400, "parameter_invalid");
        cancel(id, "x-api-key", TOKEN, "X-Cancel-Reason", "a", "X-Cancel-Reason", "b")
                .isProblem(400, "parameter_invalid");
        cancel(id, "x-api-key", TOKEN, "X-Tenant-Id", "ACME").isProblem(400, "parameter_invalid");
        cancel(id, "x-api-key", WIDE_TOKEN, "X-Tenant-Id", "acme", "X-Tenant-Id", "globex")
                .isProblem(400, "parameter_invalid");
        assertThat(SIMULATOR.requests()).isEmpty();

        assertThat(cancel(id, "x-api-key", TOKEN, "X-Cancel-Reason", "~ ".repeat(127) + "ok")
                        .status())
                .isEqualTo(202);
    }

    @Test
    void credentials() {
        String id = ACME.createBatch().id();

        for (Reply reply : List.of(
                cancel(id, "a", "b"),
                cancel(id, "Authorization", "Bearer nobody"),
                cancel(id, "x-api-key", ACME_KEY),
                cancel(id, "x-api-key", ""),
                cancel(id, "Authorization", "Bearer"),
                cancel(id, "Authorization", "Basic " + TOKEN),
                cancel(id, "Authorization", TOKEN))) {
            reply.isProblem(401, "unauthorized");
            assertThat(reply.header("WWW-Authenticate")).isEqualTo("Bearer");
        }
        cancel(id, "Authorization", "Bearer " + TOKEN, "x-api-key", WIDE_TOKEN).isProblem(400, "credential_conflict");
        cancel(id, "x-api-key", TOKEN, "x-api-key", WIDE_TOKEN).isProblem(400, "credential_conflict");
        cancel(id, "x-api-key", TOKEN, "Authorization", "Basic abc").isProblem(400, "credential_conflict");
        assertThat(SIMULATOR.requests()).isEmpty();

        assertThat(cancel(id, "Authorization", "Bearer " + TOKEN, "x-api-key", TOKEN)
                        .status())
                .isEqualTo(202);
        assertThat(cancel(id, "authorization", "bearer " + TOKEN, "x-api-key", "")
                        .status())
                .isEqualTo(202);
    }

    @Test
    void permissions() {
        String id = ACME.createBatch().id();

        cancel(id, "x-api-key", READ_TOKEN).isProblem(403, "permission_denied");
        assertThat(SIMULATOR.requests()).isEmpty();
        assertThat(send("GET", batchPath(id), "x-api-key", READ_TOKEN).status()).isEqualTo(200);
    }

    @Test
    void tenants() {
        String id = ACME.createBatch().id();

        cancel(id, "x-api-key", WIDE_TOKEN).isProblem(400, "tenant_required");
        cancel(id, "x-api-key", STAR_TOKEN).isProblem(400, "tenant_required");
        String notYours = cancel(id, "x-api-key", TOKEN, "X-Tenant-Id", "globex")
                .isProblem(403, "tenant_not_allowed")
                .message();
        String unknown = cancel(id, "x-api-key", WIDE_TOKEN, "X-Tenant-Id", "unheard-of")
                .isProblem(403, "tenant_not_allowed")
                .message();
        String twin = cancel(id, "x-api-key", STAR_TOKEN, "X-Tenant-Id", "twin-a")
                .isProblem(403, "tenant_not_allowed")
                .message();
        assertThat(unknown).isEqualTo(notYours).isEqualTo(twin);
        assertThat(SIMULATOR.requests()).isEmpty();

        assertThat(cancel(id, "x-api-key", STAR_TOKEN, "X-Tenant-Id", "acme").status())
                .isEqualTo(202);
        assertThat(cancel(id, "x-api-key", TOKEN, "X-Tenant-Id", "acme").status())
                .isEqualTo(202);
    }

    @Test
    void everyRefusedCancelIsCountedOnce() {
        String id = ACME.createBatch().id();
        double refused = count("cancel.gateway.cancellations", "tenant", "none", "outcome", "refused");
        double all = count("cancel.gateway.cancellations");

        cancel(id, "a", "b");
        cancel(id, "x-api-key", TOKEN, "Authorization", "Bearer x");
        cancel(id, "x-api-key", READ_TOKEN);
        cancel(id, "x-api-key", WIDE_TOKEN);
        cancel(id, "x-api-key", TOKEN, "X-Tenant-Id", "globex");
        send("GET", batchPath(id), "a", "b");

        awaitCount(refused + 5, "cancel.gateway.cancellations", "tenant", "none", "outcome", "refused");
        awaitCount(all + 5, "cancel.gateway.cancellations");
    }

    @Test
    void pathsAndMethods() {
        String id = ACME.createBatch().id();
        String[] caller = {"Authorization", "Bearer " + TOKEN};

        send("GET", "/", caller).isProblem(404, "not_found");
        send("GET", "/v1.3/analyze/batches/", caller).isProblem(404, "not_found");
        send("GET", "/error", caller).isProblem(404, "not_found");
        send("GET", "/actuator/health", caller).isProblem(404, "not_found");
        send("GET", "/favicon.ico").isProblem(401, "unauthorized");
        Reply wrong = send("GET", cancelPath(id), caller).isProblem(405, "method_not_allowed");
        assertThat(wrong.header("Allow")).isEqualTo("POST");
        assertThat(send("DELETE", batchPath(id), caller)
                        .isProblem(405, "method_not_allowed")
                        .header("Allow"))
                .contains("GET");
        assertThat(SIMULATOR.requests()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"FOO", "PROPFIND", "PATCH", "PUT"})
    void aMethodThatThePathDoesNotTakeIs405(String method) {
        Reply reply = send(method, cancelPath("68f4ddaf8aaa60d33df0e800"), "x-api-key", TOKEN)
                .isProblem(405, "method_not_allowed");

        assertThat(reply.header("Allow")).isEqualTo("POST");
    }

    @Test
    void aCancelWrittenAnotherWayIsCountedToo() {
        double refused = count("cancel.gateway.cancellations", "tenant", "none", "outcome", "refused");

        send("POST", "/v1.3/analyze/batches/68f4ddaf8aaa60d33df0e800/%63ancel").isProblem(401, "unauthorized");
        send("POST", "/v1.3/analyze/batches/a/b/cancel").isProblem(401, "unauthorized");

        awaitCount(refused + 1, "cancel.gateway.cancellations", "tenant", "none", "outcome", "refused");
    }

    @Test
    void aBodyBeyondAllReasonIs413BeforeTheUpstreamIsAsked() {
        byte[] body = new byte[1024 * 1024 + 1];
        String id = ACME.createBatch().id();
        String[] caller = {"x-api-key", TOKEN};

        send("POST", cancelPath(id), HttpRequest.BodyPublishers.ofByteArray(body), caller)
                .isProblem(413, "content_too_large");
        send("POST", cancelPath(id), chunked(new byte[1024 * 1024 + 20_000]), caller)
                .isProblem(413, "content_too_large");
        assertThat(SIMULATOR.requests()).isEmpty();

        assertThat(send("POST", cancelPath(id), chunked(new byte[1024 * 1024]), caller)
                        .status())
                .isEqualTo(202);
    }

    private static HttpRequest.BodyPublisher chunked(byte[] body) {
        return HttpRequest.BodyPublishers.ofInputStream(() -> new java.io.ByteArrayInputStream(body));
    }

    @Test
    void theUpstreamsCodeAndMessageGoThrough() {
        SimulatedBatch completed = ACME.createCompletedBatch();

        assertThat(cancel("000000000000000000000000")
                        .isProblem(404, "resource_not_exist")
                        .message())
                .isEqualTo("Resource with id 000000000000000000000000 does not exist.");
        assertThat(cancel(completed.id()).isProblem(409, "batch_completed").message())
                .isEqualTo("The batch is already terminal.");
    }

    @ParameterizedTest
    @CsvSource({
        "400,odd_code,refused",
        "404,odd_code,not_found",
        "409,batch_expired,already_terminal",
    })
    void fromEitherErrorShape(int status, String code, String outcome) {
        String id = ACME.createBatch().id();
        double outcomes = count("cancel.gateway.cancellations", "tenant", "acme", "outcome", outcome);
        SIMULATOR.next(
                Operation.CANCEL, Fault.status(status, code), Fault.flatStatus(status, code, "flat " + ACME_KEY + "!"));

        assertThat(cancel(id).isProblem(status, code).message()).isEqualTo("simulated " + code);
        assertThat(cancel(id).isProblem(status, code).message()).isEqualTo("flat [redacted]!");
        assertThat(count("cancel.gateway.cancellations", "tenant", "acme", "outcome", outcome))
                .isEqualTo(outcomes + 2);
    }

    @ParameterizedTest
    @CsvSource({"400,parameter_invalid", "404,resource_not_exist", "409,conflict"})
    void aRefusalThatCannotBeReadIsStillOfItsStatus(int status, String code) {
        SIMULATOR.next(
                Operation.CANCEL,
                new Fault.Status(status, Map.of(), "<html>no</html>"),
                new Fault.Status(status, Map.of(), ""),
                new Fault.Status(status, Map.of(), "{\"error\":\"no\"}"));
        String id = ACME.createBatch().id();

        for (int i = 0; i < 3; i++) {
            cancel(id).isProblem(status, code);
        }
    }

    @ParameterizedTest
    @CsvSource({"7,7", "0,0", "90000,90000", ",1", "soon,1", "-5,1"})
    void rateLimitedSaysWhenToComeBack(String retryAfter, String expected) {
        SIMULATOR.next(
                Operation.CANCEL,
                retryAfter == null ? Fault.status(429, "too_many_requests") : Fault.rateLimited(retryAfter));

        Reply reply = cancel(ACME.createBatch().id()).isProblem(429, "too_many_requests");

        assertThat(reply.header("Retry-After")).isEqualTo(expected);
    }

    @Test
    void anUpstreamThatRefusesTheKeyIs502AndItsWordsStayHere() {
        Reply reply = cancel(ACME.createBatch().id(), "x-api-key", WIDE_TOKEN, "X-Tenant-Id", "revoked")
                .isProblem(502, "tenant_key_rejected");
        assertThat(reply.text()).doesNotContain("api_key_invalid").doesNotContain("The API key is invalid");
        assertThat(management("/actuator/prometheus").text())
                .contains("cancel_gateway_tenant_key_trouble{application=\"cancel-gateway\","
                        + "state=\"rejected\",tenant=\"revoked\"} 1.0")
                .contains("cancel_gateway_tenant_keys{application=\"cancel-gateway\",state=\"rejected\"} 1.0");

        SIMULATOR.next(Operation.CANCEL, Fault.status(403, "api_not_allowed"));
        cancel(ACME.createBatch().id()).isProblem(502, "tenant_key_rejected");
        assertThat(management("/actuator/prometheus").text())
                .contains("cancel_gateway_tenant_key_trouble{application=\"cancel-gateway\","
                        + "state=\"rejected\",tenant=\"acme\"} 1.0");

        cancel(ACME.createBatch().id());
        assertThat(management("/actuator/prometheus").text())
                .doesNotContain("cancel_gateway_tenant_key_trouble{application=\"cancel-gateway\","
                        + "state=\"rejected\",tenant=\"acme\"}");
    }

    static Stream<Arguments> upstreamFailures() {
        return Stream.of(
                Arguments.of(Fault.status(500, "internal"), 502, "upstream_error", "5xx"),
                Arguments.of(Fault.status(503, "internal"), 502, "upstream_error", "5xx"),
                Arguments.of(Fault.status(418, "teapot"), 502, "upstream_error", "4xx"),
                Arguments.of(Fault.status(302, "moved", Map.of("Location", "/x")), 502, "upstream_error", "3xx"),
                Arguments.of(Fault.resetBefore(), 502, "upstream_error", "reset"),
                Arguments.of(Fault.resetAfter(), 502, "upstream_error", "reset"),
                Arguments.of(Fault.truncated(), 502, "upstream_error", "reset"),
                Arguments.of(Fault.html(), 502, "upstream_error", "unreadable"),
                Arguments.of(Fault.noStatus(), 502, "upstream_error", "unreadable"),
                Arguments.of(Fault.body(202, "application/json", ""), 502, "upstream_error", "unreadable"),
                Arguments.of(Fault.body(202, "application/json", "[]"), 502, "upstream_error", "unreadable"),
                Arguments.of(
                        Fault.body(202, "application/json", "{\"status\":1}"), 502, "upstream_error", "unreadable"),
                Arguments.of(
                        Fault.body(202, "application/json", "{\"status\":\"canceling\"} {}"),
                        502,
                        "upstream_error",
                        "unreadable"),
                Arguments.of(
                        Fault.body(202, "application/json", "{\"status\":\"" + "x".repeat(2_000_000) + "\"}"),
                        502,
                        "upstream_error",
                        "unreadable"),
                Arguments.of(Fault.hangBefore(), 504, "deadline_exceeded", "timeout"),
                Arguments.of(Fault.hangAfter(), 504, "deadline_exceeded", "timeout"));
    }

    @ParameterizedTest
    @MethodSource("upstreamFailures")
    void anUpstreamThatFails(Fault fault, int status, String code, String result) {
        List<Double> before = new ArrayList<>();
        boolean reconciled = result.equals("unreadable");
        String id = ACME.createBatch().id();
        // no connection that a reset would find stale
        SIMULATOR.dropConnections(false);
        retrieve(id);
        SIMULATOR.reset();
        for (String operation : List.of("cancel", "retrieve", "list")) {
            before.add(count("cancel.gateway.upstream.attempts", "operation", operation, "result", result));
        }
        SIMULATOR.next(Operation.CANCEL, fault);
        SIMULATOR.next(Operation.RETRIEVE, fault, fault);
        SIMULATOR.next(Operation.LIST, fault);

        cancel(id).isProblem(status, code);
        retrieve(id).isProblem(status, code);
        list().isProblem(status, code);

        assertThat(SIMULATOR.requests()).hasSize(reconciled ? 4 : 3);
        assertThat(count("cancel.gateway.upstream.attempts", "operation", "cancel", "result", result))
                .isEqualTo(before.get(0) + 1);
        assertThat(count("cancel.gateway.upstream.attempts", "operation", "retrieve", "result", result))
                .isEqualTo(before.get(1) + (reconciled ? 2 : 1));
        assertThat(count("cancel.gateway.upstream.attempts", "operation", "list", "result", result))
                .isEqualTo(before.get(2) + 1);
    }
}
