package io.cancelgateway.problem;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.RecordedRequest;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.Http;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Requests made at random of good and of bad parts. The seed is fixed, so that a failure can be seen again; another one
 * is {@code -Dfuzz.seed=}.
 */
class RequestFuzzIT extends EndToEnd {

    private static final long SEED = Long.getLong("fuzz.seed", 20_261_125);
    private static final int REQUESTS = Integer.getInteger("fuzz.requests", 3000);

    private static final List<String> METHODS =
            List.of("POST", "POST", "POST", "GET", "GET", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "PATCH", "post");

    private static final List<String> PATHS = List.of(
            "/v1.3/analyze/batches/ID/cancel",
            "/v1.3/analyze/batches/ID/cancel",
            "/v1.3/analyze/batches/ID",
            "/v1.3/analyze/batches",
            "/v1/cancellations",
            "/v1/cancellations/ID",
            "/v1/caller",
            "/actuator/env",
            "/error",
            "/");

    private static final List<String> ODD = List.of(
            "%2f",
            "%00",
            "%zz",
            "%",
            "..",
            ".",
            "//",
            ";a=b",
            "\\",
            "%5c",
            "%c3%28",
            "é",
            "\u0001",
            "\u007f",
            " ",
            "\t",
            "\"",
            "<script>",
            "{}",
            "[",
            "'--",
            "*",
            "0",
            "-1",
            "99999999999999999999",
            "null",
            "NaN",
            "a".repeat(300));

    private static final List<String> QUERIES = List.of(
            "limit", "cursor", "state", "since", "until", "requested_by", "page", "page_limit", "status", "x", "");

    private static final List<String> HEADERS = List.of(
            "X-Tenant-Id",
            "X-Cancel-Reason",
            "Prefer",
            "Accept",
            "Content-Type",
            "traceparent",
            "tracestate",
            "baggage",
            "If-None-Match",
            "Range",
            "Expect",
            "Cookie",
            "X-Forwarded-For",
            "X-Forwarded-Host",
            "Forwarded",
            "X-HTTP-Method-Override",
            "Upgrade",
            "Accept-Encoding",
            "Transfer-Encoding",
            "Content-Length",
            "x-api-key",
            "Authorization");

    private static final List<String> VALUES = List.of(
            "acme",
            "globex",
            "wait=0",
            "wait=1",
            "wait=-1",
            "wait",
            "handling=lenient",
            "application/json",
            "text/csv",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "chunked",
            "5",
            "100-continue",
            "bytes=0-1",
            "h2c",
            "gzip",
            "Bearer x",
            "Bearer",
            "Basic eDp5",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");

    private static final List<String> BODIES = List.of(
            "",
            "",
            "{\"batch_ids\":[\"ID\"]}",
            "{\"batch_ids\":[\"ID\",\"ID\",7]}",
            "{\"batch_ids\":[]}",
            "{\"all_active\":true}",
            "{\"all_active\":true,\"batch_ids\":[\"ID\"]}",
            "{\"batch_ids\":[\"ID\"],\"reason\":\"\u0000\"}",
            "[[[[[[[[",
            "{\"a\":".repeat(2000),
            "\u00ff\u00fe",
            "a=b&c=%zz");

    /** The upstream answers well, so none of these is its. */
    private static final Set<Integer> REFUSALS =
            Set.of(400, 401, 403, 405, 406, 408, 413, 414, 415, 417, 431, 501, 505);

    private final Random random = new Random(SEED);

    @Test
    void noneIsAnsweredWithoutAKnownErrorAndNoRefusedOneIsSent() throws IOException {
        String batch = ACME.createBatch(3, 1, Duration.ofHours(1)).id();
        TreeMap<Integer, Integer> statuses = new TreeMap<>();
        for (int i = 0; i < REQUESTS; i++) {
            SIMULATOR.reset();
            String method = pick(METHODS);
            String request = request(method, batch);
            String answer = Http.raw(port, request);
            try {
                statuses.merge(check(method, answer), 1, Integer::sum);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("Request " + i + " of seed " + SEED + ":\n" + request + "\n\n" + answer, e);
            }
        }
        // a proof that the parts fit together: some were let through, and refused in many ways
        assertThat(statuses.keySet()).contains(200, 202, 400, 401, 404, 405, 415);
    }

    private int check(String method, String answer) {
        String[] parts = answer.replaceFirst("^HTTP/1.1 100 ?\r\n\r\n", "").split("\r\n\r\n", 2);
        assertThat(parts[0]).startsWith("HTTP/1.1 ");
        int status = Integer.parseInt(parts[0].substring(9, 12));
        assertThat(status)
                .isIn(200, 202, 204, 304, 404, 409, 400, 401, 403, 405, 406, 408, 413, 414, 415, 417, 431, 501, 505);
        assertThat(parts[0]).contains("Cache-Control: no-store").contains("X-Content-Type-Options: nosniff");
        if (status >= 400 && !method.equals("HEAD")) {
            JsonNode body = JsonMapper.shared().readTree(parts[1]);
            assertThat(body.at("/error/code").stringValue("")).isNotBlank();
            assertThat(body.path("status").intValue()).isEqualTo(status);
            assertThat(parts[1]).doesNotContain("<script>").doesNotContain(TOKEN);
        }
        if (REFUSALS.contains(status) && !method.equals("HEAD")) {
            String trace =
                    JsonMapper.shared().readTree(parts[1]).path("trace_id").stringValue("none");
            assertThat(SIMULATOR.requests()).noneMatch(sent -> isCancelOf(trace, sent));
        }
        return status;
    }

    /** Not one of an earlier request, which was over by its deadline before the upstream had read it. */
    private static boolean isCancelOf(String trace, RecordedRequest sent) {
        return sent.operation().filter(Operation.CANCEL::equals).isPresent()
                && sent.headers().getOrDefault("traceparent", List.of()).stream()
                        .anyMatch(parent -> parent.contains(trace));
    }

    private String request(String method, String batch) {
        String id = chance(2) ? batch : chance(2) ? pick(ODD) : batch.substring(random.nextInt(24)) + pick(ODD);
        String path = pick(PATHS).replace("ID", id);
        if (chance(6)) {
            path += pick(ODD);
        }
        if (chance(3)) {
            path += "?" + pick(QUERIES) + "=" + (chance(2) ? pick(ODD) : pick(VALUES));
        }
        String body = pick(BODIES).replace("ID", id);
        List<String> lines = new ArrayList<>();
        lines.add(method + " " + path + (chance(50) ? " HTTP/" + pick(ODD) : " HTTP/1.1"));
        lines.add("Host: a");
        lines.add("Connection: close");
        if (!chance(8)) {
            lines.add("x-api-key: " + (chance(8) ? READ_TOKEN : TOKEN));
        }
        if (!body.isEmpty()) {
            lines.add("Content-Length: " + body.length());
            if (!chance(4)) {
                lines.add("Content-Type: application/json");
            }
        }
        for (int i = random.nextInt(4); i > 0; i--) {
            String value = chance(2) ? pick(VALUES) : pick(ODD);
            lines.add((chance(20) ? pick(ODD) : pick(HEADERS)) + ": " + value);
        }
        return String.join("\r\n", lines) + "\r\n\r\n" + body;
    }

    /** One in so many. */
    private boolean chance(int of) {
        return random.nextInt(of) == 0;
    }

    private String pick(List<String> from) {
        return from.get(random.nextInt(from.size()));
    }
}
