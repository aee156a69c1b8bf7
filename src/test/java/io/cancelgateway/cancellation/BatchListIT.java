package io.cancelgateway.cancellation;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.RecordedRequest;
import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.Http;
import io.cancelgateway.support.Reply;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The upstream's list of batches, through the gateway. */
class BatchListIT extends EndToEnd {

    private static final String PATH = "/v1.3/analyze/batches";

    @Test
    void theUpstreamsPageGoesThroughByteForByte() {
        upstreamSendsNonsense = true;
        byte[] page = " {\"data\" : [ {\"new\":1.00} ],\n \"page_info\":null, \"ä\":\"\\u00e4\"}\n"
                .getBytes(StandardCharsets.UTF_8);
        SIMULATOR.next(Operation.LIST, new Fault.Body(200, "text/plain", page));

        Reply reply = list("");

        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.bytes()).isEqualTo(page);
        assertThat(reply.header("Content-Type")).isEqualTo("application/json");
        RecordedRequest sent = SIMULATOR.requests().getFirst();
        assertThat(sent.uri()).isEqualTo(PATH);
        assertThat(sent.header("x-api-key")).contains(ACME_KEY);
    }

    @Test
    void theParametersDoToo() {
        SimulatedBatch completed = GLOBEX.createCompletedBatch();
        SimulatedBatch newer = GLOBEX.createCompletedBatch();

        Reply reply = list(
                "?page_limit=1&status=completed&page=2&status=expired&analysis_mode=general&analysis_mode=other",
                "x-api-key",
                WIDE_TOKEN,
                "X-Tenant-Id",
                "globex");

        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
        JsonNode data = reply.json().path("data");
        assertThat(data.size()).isEqualTo(1);
        assertThat(data.path(0).path("batch_id").stringValue())
                .isEqualTo(completed.id())
                .isNotEqualTo(newer.id());
        assertThat(SIMULATOR.requests().getFirst().uri())
                .isEqualTo(PATH + "?page=2&page_limit=1&status=completed&status=expired"
                        + "&analysis_mode=general&analysis_mode=other");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a%26page%3D2",
                "a%23b",
                "..%2F..%2F%3Fx%3Dy",
                "a%2Bb+c%20d",
                "%2526",
                "%7Bvalue0%7D",
                "%C3%A4%F0%9F%98%80",
                "%0D%0AX-Odd:%20y",
                "%00",
                "a;b=c",
                ""
            })
    void whateverAValueHoldsItStaysThatValue(String encoded) {
        String value = new QueryStringDecoder("?v=" + encoded.replace(";", "%3B"))
                .parameters()
                .get("v")
                .getFirst();

        list("?status=%s&analysis_mode=%s&page_limit=%s&status=x".formatted(encoded, encoded, encoded));

        RecordedRequest sent = SIMULATOR.requests().getFirst();
        QueryStringDecoder uri = new QueryStringDecoder(sent.uri());
        assertThat(uri.path()).isEqualTo(PATH);
        assertThat(uri.parameters())
                .isEqualTo(Map.of(
                        "status", List.of(value, "x"),
                        "analysis_mode", List.of(value),
                        "page_limit", List.of(value)));
        assertThat(sent.headers()).doesNotContainKey("x-odd");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "?limit=5",
                "?Page=1",
                "?status%5B%5D=pending",
                "?page=1&x",
                "?=1",
                "?page=1&page=1",
                "?page_limit=1&page_limit=2",
                "?status=%zz",
                "?status=%ff"
            })
    void anotherParameterIs400AndNothingIsSent(String query) throws Exception {
        String answer =
                Http.raw(port, "GET " + PATH + query + " HTTP/1.1\r\nHost: a\r\nx-api-key: " + TOKEN + "\r\n\r\n");

        assertThat(answer).startsWith("HTTP/1.1 400").contains("\"code\":\"parameter_invalid\"");
        assertThat(SIMULATOR.requests()).isEmpty();
    }

    @Test
    void whatTheUpstreamRejectsGoesThroughInItsWords() {
        assertThat(list("?page_limit=51").isProblem(400, "parameter_invalid").message())
                .isEqualTo("The page or page_limit parameter is invalid.");
        assertThat(list("?page=").isProblem(400, "parameter_invalid").message())
                .isEqualTo("The page or page_limit parameter is invalid.");
    }

    @Test
    void itNeedsThePermissionToReadAndATenant() {
        list("", "a", "b").isProblem(401, "unauthorized");
        list("", "x-api-key", WIDE_TOKEN).isProblem(400, "tenant_required");
        list("", "x-api-key", TOKEN, "X-Tenant-Id", "globex").isProblem(403, "tenant_not_allowed");
        send("POST", PATH, "x-api-key", READ_TOKEN).isProblem(403, "permission_denied");
        assertThat(send("POST", PATH, "x-api-key", TOKEN)
                        .isProblem(405, "method_not_allowed")
                        .header("Allow"))
                .contains("GET");
        assertThat(SIMULATOR.requests()).isEmpty();

        assertThat(list("", "x-api-key", READ_TOKEN).status()).isEqualTo(200);
        list("", "x-api-key", WIDE_TOKEN, "X-Tenant-Id", "revoked").isProblem(502, "tenant_key_rejected");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{}",
                "{\"data\":{}}",
                "{\"data\":null}",
                "{\"data\":[}",
                "{\"data\":[]",
                "{\"data\":[]} {}",
                "{\"status\":\"pending\"}",
                "<html>"
            })
    void aPageThatCannotBeReadIs502AndNotRepeated(String body) {
        double before = count("cancel.gateway.upstream.attempts", "operation", "list", "result", "unreadable");
        SIMULATOR.next(Operation.LIST, Fault.body(200, "application/json", body));

        list("").isProblem(502, "upstream_error");

        assertThat(SIMULATOR.requests()).hasSize(1);
        assertThat(count("cancel.gateway.upstream.attempts", "operation", "list", "result", "unreadable"))
                .isEqualTo(before + 1);
    }

    @Test
    void aPauseHoldsItBackLikeAnyCall() {
        SIMULATOR.next(Operation.LIST, Fault.rateLimited("60"));
        assertThat(list("").isProblem(429, "too_many_requests").header("Retry-After"))
                .isEqualTo("60");

        list("").isProblem(429, "too_many_requests");
        cancel(ACME.createBatch().id()).isProblem(429, "too_many_requests");

        assertThat(SIMULATOR.requests()).hasSize(1);
    }

    @Test
    void theMetersShowItsPathAndNothingOfItsQuery() {
        upstreamSendsNonsense = true;
        double cancels = count("cancel.gateway.cancellations");
        double attempts = count("cancel.gateway.upstream.attempts", "operation", "list", "result", "success");

        assertThat(list("?status=nowhere-else&page=7654321").status()).isEqualTo(400);
        assertThat(list("?status=nowhere-else").status()).isEqualTo(200);

        assertThat(count("cancel.gateway.upstream.attempts", "operation", "list", "result", "success"))
                .isEqualTo(attempts + 1);
        String scrape = management("/actuator/prometheus").text();
        assertThat(scrape)
                .contains("cancel_gateway_upstream_attempts_total{application=\"cancel-gateway\","
                        + "operation=\"list\",result=\"success\"}")
                .doesNotContain("nowhere-else")
                .doesNotContain("7654321")
                .doesNotContain("status={")
                .doesNotContain("value0");
        for (String meter : List.of("http_server_requests_seconds_count", "http_client_requests_seconds_count")) {
            assertThat(scrape.lines())
                    .anyMatch(line -> line.startsWith(meter) && line.contains("uri=\"" + PATH + "\""));
        }
        assertThat(count("cancel.gateway.cancellations")).isEqualTo(cancels);
    }

    private Reply list(String query, String... headers) {
        return send("GET", PATH + query, headers.length == 0 ? new String[] {"x-api-key", TOKEN} : headers);
    }
}
