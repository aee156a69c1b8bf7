package io.cancelgateway.cancellation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.Reply;
import java.io.IOException;
import java.net.Socket;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reading the ledger over HTTP. */
@ExtendWith(OutputCaptureExtension.class)
class LedgerApiIT extends EndToEnd {

    @Autowired
    private JdbcClient jdbc;

    @BeforeEach
    void emptyLedger() {
        jdbc.sql("DELETE FROM cancellation").update();
    }

    @Test
    void aRecordHasTheContractsMembersAndNoOthers() {
        Instant before = Instant.now();
        String id = ACME.createBatch().id();
        cancel(
                id,
                "x-api-key",
                TOKEN,
                "X-Cancel-Reason",
                "wrong videos",
                "traceparent",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");

        Reply reply = get("/v1/cancellations/" + id);

        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.header("Content-Type")).isEqualTo("application/json");
        JsonNode record = reply.json();
        assertThat(record.propertyNames())
                .containsExactly(
                        "batch_id",
                        "tenant",
                        "state",
                        "requested_by",
                        "reason",
                        "requested_at",
                        "accepted_at",
                        "attempts",
                        "model_name",
                        "analysis_mode",
                        "counts_at_acceptance",
                        "requests");
        assertThat(record.path("batch_id").stringValue()).isEqualTo(id);
        assertThat(record.path("tenant").stringValue()).isEqualTo("acme");
        assertThat(record.path("requested_by").stringValue()).isEqualTo("billing");
        assertThat(record.path("reason").stringValue()).isEqualTo("wrong videos");
        assertThat(record.path("requested_at").stringValue()).endsWith("Z");
        assertThat(Instant.parse(record.path("requested_at").stringValue()))
                .isBetween(before.minusSeconds(1), Instant.now());
        JsonNode request = record.path("requests").path(0);
        assertThat(request.propertyNames()).containsExactly("caller", "reason", "received_at", "outcome", "trace_id");
        assertThat(request.path("trace_id").stringValue()).isEqualTo("4bf92f3577b34da6a3ce929d0e0e4736");
        assertThat(request.path("outcome").stringValue()).isEqualTo("accepted");
    }

    @Test
    void aRecordIsFoundWhateverTheCaseOfItsId() {
        String id = ACME.createBatch().id();
        cancel(id);

        assertThat(get("/v1/cancellations/" + id.toUpperCase(java.util.Locale.ROOT))
                        .status())
                .isEqualTo(200);
    }

    @Test
    void whatNobodyAskedForIsNotFound() {
        get("/v1/cancellations/00000000000000000000aaaa").isProblem(404, "cancellation_not_found");
        get("/v1/cancellations/nonsense").isProblem(400, "parameter_invalid");
    }

    @Test
    void aCallerSeesItsTenantsRecordsOnly() {
        String id = GLOBEX.createBatch().id();
        cancel(id, "x-api-key", WIDE_TOKEN, "X-Tenant-Id", "globex");

        get("/v1/cancellations/" + id).isProblem(404, "cancellation_not_found");
        assertThat(ids(get("/v1/cancellations"))).isEmpty();
        get("/v1/cancellations/" + id, "X-Tenant-Id", "globex").isProblem(403, "tenant_not_allowed");
        get("/v1/cancellations", "X-Tenant-Id", "globex").isProblem(403, "tenant_not_allowed");
        assertThat(send("GET", "/v1/cancellations/" + id, "x-api-key", WIDE_TOKEN, "X-Tenant-Id", "globex")
                        .status())
                .isEqualTo(200);
        send("GET", "/v1/cancellations", "x-api-key", WIDE_TOKEN).isProblem(400, "tenant_required");
        send("GET", "/v1/cancellations").isProblem(401, "unauthorized");
    }

    @Test
    void oneWhoMayReadReads() {
        String id = ACME.createBatch().id();
        cancel(id);

        assertThat(send("GET", "/v1/cancellations/" + id, "x-api-key", READ_TOKEN)
                        .status())
                .isEqualTo(200);
        assertThat(ids(send("GET", "/v1/cancellations", "x-api-key", READ_TOKEN)))
                .containsExactly(id);
    }

    @Test
    void pagesGoThroughAllRecordsNewestFirst() {
        List<String> canceled = cancelSome(7);

        List<String> seen = new ArrayList<>();
        Reply page = get("/v1/cancellations?limit=3");
        seen.addAll(ids(page));
        assertThat(seen).hasSize(3);
        while (page.json().has("next_cursor")) {
            page = get("/v1/cancellations?limit=3&cursor="
                    + page.json().path("next_cursor").stringValue());
            seen.addAll(ids(page));
        }

        assertThat(seen).containsExactlyElementsOf(canceled.reversed());
        assertThat(get("/v1/cancellations?limit=7").json().has("next_cursor")).isFalse();
        assertThat(get("/v1/cancellations").json().path("cancellations").path(0).has("requests"))
                .isFalse();
    }

    @Test
    void filtersCanBeCombined() {
        List<String> accepted = cancelSome(2);
        SIMULATOR.next(Operation.CANCEL, Fault.status(429, "too_many_requests"));
        String failed = ACME.createBatch().id();
        cancel(failed, "x-api-key", WIDE_TOKEN, "X-Tenant-Id", "acme");
        String second = time(accepted.get(1));

        assertThat(ids(get("/v1/cancellations?state=failed"))).containsExactly(failed);
        assertThat(ids(get("/v1/cancellations?state=canceling"))).containsExactlyElementsOf(accepted.reversed());
        assertThat(ids(get("/v1/cancellations?requested_by=scheduler"))).containsExactly(failed);
        assertThat(ids(get("/v1/cancellations?requested_by=nobody"))).isEmpty();
        assertThat(ids(get("/v1/cancellations?since=" + second))).containsExactly(failed, accepted.get(1));
        assertThat(ids(get("/v1/cancellations?until=" + second))).containsExactly(accepted.get(0));
        assertThat(ids(get("/v1/cancellations?state=canceling&requested_by=billing&since=" + second)))
                .containsExactly(accepted.get(1));
        assertThat(ids(get("/v1/cancellations?state=&requested_by=&since=&until=&limit=&cursor=")))
                .hasSize(3);
        assertThat(ids(get("/v1/cancellations?since="
                        + URLEncoder.encode("2020-01-01T01:00:00+01:00", StandardCharsets.UTF_8))))
                .hasSize(3);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "state=done",
                "state=CANCELED",
                "since=yesterday",
                "since=2026-01-01",
                "until=2026-13-01T00:00:00Z",
                "until=%2B999999-01-01T00:00:00Z",
                "limit=0",
                "limit=201",
                "limit=x",
                "limit=5&limit=6",
                "stat=failed",
                "requested_by=%00",
                "requested_by=a%20b",
                "cursor=x",
                "cursor=AAAA",
                "cursor=____________________________",
                "cursor=f_________8AAAAAAAAAAQ",
                "cursor=%27%3B%20DROP%20TABLE%20cancellation",
            })
    void aMalformedParameterIsRefused(String query) {
        get("/v1/cancellations?" + query).isProblem(400, "parameter_invalid");
    }

    @ParameterizedTest
    @CsvSource({
        "state=done,The parameter state is one of",
        "requested_by=a%20b,The parameter requested_by is a caller's name",
        "since=yesterday,The parameter since is a time",
        "until=yesterday,The parameter until is a time",
        "limit=0,The parameter limit is a number",
        "cursor=x,The parameter cursor is not one",
    })
    void aRefusalSaysWhatTheParameterIs(String query, String message) {
        assertThat(get("/v1/cancellations?" + query).message()).startsWith(message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "state=%zz-raw",
                "%zz=raw",
                "state=failed&x=raw%",
                "state=raw%e",
                "requested_by=raw%ff",
                "since=%c3%28raw",
                "=raw"
            })
    void aQueryThatCannotBeDecodedIsRefusedEverywhereAndNotRepeated(String query, CapturedOutput log)
            throws IOException {
        String id = ACME.createBatch().id();
        for (String path : List.of("/v1/cancellations", "/v1/cancellations/" + id, batchPath(id), "/nothing")) {
            assertRefusedAndNotRepeated(raw("GET " + path + "?" + query));
        }
        assertRefusedAndNotRepeated(raw("POST " + cancelPath(id) + "?" + query));
        assertRefusedAndNotRepeated(raw("DELETE " + cancelPath(id) + "?" + query));
        assertRefusedAndNotRepeated(raw(port, "GET /v1/cancellations?" + query, "application/x-www-form-urlencoded"));
        assertRefusedAndNotRepeated(raw(managementPort, "GET /actuator/health?" + query, "text/plain"));

        assertThat(log.getAll()).doesNotContain("raw");
        assertThat(SIMULATOR.requests()).isEmpty();
    }

    @Test
    void aCancelThatIsRefusedForItsQueryIsCounted() throws IOException {
        double refused = count("cancel.gateway.cancellations", "tenant", "none", "outcome", "refused");

        raw("POST " + cancelPath(ACME.createBatch().id()) + "?x=%zz");

        awaitCount(refused + 1, "cancel.gateway.cancellations", "tenant", "none", "outcome", "refused");
    }

    /** As {@code curl -d ''} sends it. */
    @ParameterizedTest
    @ValueSource(strings = {"x=%zzraw", "x=raw%", "x=%c3%28raw"})
    void soIsOneThatIsSentWithAForm(String query) throws IOException {
        String path = cancelPath(ACME.createBatch().id());

        assertRefusedAndNotRepeated(raw(port, "POST " + path + "?" + query, "application/x-www-form-urlencoded"));

        assertThat(SIMULATOR.requests()).isEmpty();
    }

    /** A form's body is not read along with the query. */
    @ParameterizedTest
    @ValueSource(strings = {"application/x-www-form-urlencoded", "multipart/form-data; boundary=b"})
    void aFormIsIgnoredAsAnyBodyOfACancelIs(String contentType) {
        Reply reply = send(
                "POST",
                cancelPath(ACME.createBatch().id()) + "?x=y",
                HttpRequest.BodyPublishers.ofString("x=%zz&" + "a=b&".repeat(2000)),
                "x-api-key",
                TOKEN,
                "Content-Type",
                contentType);

        assertThat(reply.status()).isEqualTo(202);
    }

    private static void assertRefusedAndNotRepeated(String answer) {
        assertThat(answer)
                .startsWith("HTTP/1.1 400")
                .contains("application/problem+json", "\"parameter_invalid\"")
                .doesNotContain("raw");
    }

    /** Past a client that would check the address. */
    private String raw(String requestLine) throws IOException {
        return raw(port, requestLine, "text/plain");
    }

    private static String raw(int port, String requestLine, String contentType) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(5000);
            socket.getOutputStream()
                    .write((requestLine + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\nx-api-key: " + TOKEN
                                    + "\r\nContent-Type: " + contentType + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void anExportHasEveryMatchOneALine() {
        List<String> canceled = cancelSome(3);
        fill(1201);

        Reply all = get("/v1/cancellations?limit=2", "Accept", "application/x-ndjson");

        assertThat(all.status()).isEqualTo(200);
        assertThat(all.header("Content-Type")).isEqualTo("application/x-ndjson");
        List<JsonNode> lines =
                all.text().lines().map(JsonMapper.shared()::readTree).toList();
        assertThat(lines).hasSize(1204);
        assertThat(lines)
                .extracting(line -> line.path("batch_id").stringValue())
                .doesNotHaveDuplicates();
        assertThat(lines.subList(0, 3))
                .extracting(line -> line.path("batch_id").stringValue())
                .containsExactlyElementsOf(canceled.reversed());
        assertThat(get("/v1/cancellations?requested_by=billing", "Accept", "text/html, application/x-ndjson;q=0.9")
                        .text()
                        .lines())
                .hasSize(3);
        assertThat(get("/v1/cancellations?requested_by=nobody", "Accept", "application/x-ndjson")
                        .text())
                .isEmpty();
        get("/v1/cancellations?state=x", "Accept", "application/x-ndjson").isProblem(400, "parameter_invalid");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/x-ndjson;q=0",
                "application/json, application/x-ndjson;q=0.5",
                "nonsense",
                "*/*",
                "application/json"
            })
    void whoDoesNotAskForLinesGetsAPage(String accept) {
        cancelSome(1);

        Reply reply = get("/v1/cancellations", "Accept", accept);

        assertThat(reply.header("Content-Type")).isEqualTo("application/json");
        assertThat(ids(reply)).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"text/html", "application/x-ndjson", "nonsense", "application/problem+json"})
    void aRecordIsJsonWhateverIsAccepted(String accept) {
        String id = cancelSome(1).getFirst();

        Reply reply = get("/v1/cancellations/" + id, "Accept", accept);

        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.header("Content-Type")).isEqualTo("application/json");
    }

    /** A state from the future, such as a newer replica may write, stands on the second page of what is read. */
    @Test
    void anExportThatFailsMidwayDoesNotLookComplete() {
        fill(600);
        jdbc.sql("UPDATE cancellation SET state = 'unheard_of' WHERE batch_id = '000000000000000000000001'")
                .update();

        assertThatThrownBy(() -> get("/v1/cancellations", "Accept", "application/x-ndjson"))
                .isInstanceOf(java.io.UncheckedIOException.class);
        get("/v1/cancellations/000000000000000000000001").isProblem(500, "internal_error");
    }

    private void fill(int count) {
        jdbc.sql("""
                        INSERT INTO cancellation (tenant, batch_id, life, state, asynchronous, requested_by,
                                                  requested_at, deadline_at, attempts, ambiguous)
                        SELECT 'acme', LPAD(CAST(x AS varchar), 24, '0'), 1, 'requested', FALSE, 'importer',
                               TIMESTAMP WITH TIME ZONE '2020-01-01 00:00:00+00',
                               TIMESTAMP WITH TIME ZONE '2020-01-01 00:00:00+00', 0, FALSE
                          FROM SYSTEM_RANGE(1, :count)
                        """).param("count", count).update();
    }

    private List<String> cancelSome(int count) {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ids.add(ACME.createBatch().id());
            assertThat(cancel(ids.getLast()).status()).isEqualTo(202);
        }
        return ids;
    }

    private String time(String id) {
        return get("/v1/cancellations/" + id).json().path("requested_at").stringValue();
    }

    private static List<String> ids(Reply reply) {
        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
        return reply.json()
                .path("cancellations")
                .valueStream()
                .map(record -> record.path("batch_id").stringValue())
                .toList();
    }

    private Reply get(String path, String... headers) {
        List<String> all = new ArrayList<>(List.of("x-api-key", TOKEN));
        all.addAll(List.of(headers));
        return send("GET", path, all.toArray(String[]::new));
    }
}
