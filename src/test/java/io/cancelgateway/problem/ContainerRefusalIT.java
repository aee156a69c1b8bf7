package io.cancelgateway.problem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.GatewayLog;
import io.cancelgateway.support.Http;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What the servlet container refuses by itself, written to the socket byte by byte. */
@ExtendWith(OutputCaptureExtension.class)
class ContainerRefusalIT extends EndToEnd {

    private static final String ID = "68f4ddaf8aaa60d33df0e800";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "POST /v1.3/analyze/batches/a b/cancel HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n|400",
                "P(ST /v1.3/analyze/batches/x/cancel HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n|400",
                "POST /v1.3/analyze/batches/x^y/cancel HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n|400",
                "POST /v1.3/analyze/batches/x/cancel HTTP/7.3\\r\\nHost: a\\r\\n\\r\\n|505",
                "POST /v1.3/analyze/batches/x/cancel HTTP/1.1\\r\\n\\r\\n|400",
                "POST /v1.3/analyze/batches/x/cancel HTTP/1.1\\r\\nHost: a\\r\\nHost: b\\r\\n\\r\\n|400",
                "POST /v1.3/analyze/batches/x/cancel HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: x\\r\\n\\r\\n|400",
                "POST /v1.3/analyze/batches/x/cancel HTTP/1.1\\r\\nHost: a\\r\\nno colon\\r\\n\\r\\n|400",
                "POST /v1.3/analyze/batches/x/cancel HTTP/1.1\\r\\nHost: a\\r\\nTransfer-Encoding: odd\\r\\n\\r\\n|501",
                "POST /v1.3/analyze/batches/%zz/cancel HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n|400",
            },
            quoteCharacter = '"')
    void hasTheOneShape(String request, int status) throws IOException {
        assertOneShape(raw(request.replace("\\r", "\r").replace("\\n", "\n")), status);
    }

    @Test
    void tooLargeHeadersAndRequestLinesHaveTheOneShape() throws IOException {
        String head = "POST /v1.3/analyze/batches/" + ID + "/cancel";
        assertOneShape(raw(head + " HTTP/1.1\r\nHost: a\r\nX-A: " + "a".repeat(20_000) + "\r\n\r\n"), 400, 431);
        assertOneShape(raw(head + "?" + "a".repeat(20_000) + " HTTP/1.1\r\nHost: a\r\n\r\n"), 400, 414);
    }

    @Test
    void traceIsNotAMethodOfAnyPath() throws IOException {
        String path = "/v1.3/analyze/batches/" + ID + "/cancel";
        String answer = raw("TRACE " + path + " HTTP/1.1\r\nHost: a\r\nx-api-key: " + TOKEN + "\r\n\r\n");

        assertThat(answer)
                .startsWith("HTTP/1.1 405")
                .contains("application/problem+json", "\"method_not_allowed\"", "Allow: ")
                .contains("\"instance\":\"" + path + "\"")
                .doesNotContain(TOKEN);
    }

    @ParameterizedTest
    @ValueSource(strings = {"X-Cancel-Reason: a\u0085b", "X-Tenant-Id: ac\u0085me", "Authorization: Bearer x\u0085"})
    void aControlCharacterInAHeaderIs400(String header) throws IOException {
        double refused = count("cancel.gateway.cancellations", "tenant", "none", "outcome", "refused");
        String credential = header.startsWith("Authorization") ? "" : "x-api-key: " + TOKEN + "\r\n";
        String answer = raw("POST /v1.3/analyze/batches/" + ID + "/cancel HTTP/1.1\r\nHost: a\r\n" + credential + header
                + "\r\nConnection: close\r\n\r\n");

        assertThat(answer).startsWith("HTTP/1.1 400").contains("application/problem+json", "\"parameter_invalid\"");
        assertThat(SIMULATOR.requests()).isEmpty();
        awaitCount(refused + 1, "cancel.gateway.cancellations", "tenant", "none", "outcome", "refused");
    }

    /** Tomcat decodes no path parameters, Spring does. */
    @ParameterizedTest
    @ValueSource(strings = {";a=b%", ";a=%zz", ";%", "/;a=%c"})
    void aPathParameterThatCannotBeDecodedIs400(String parameter) throws IOException {
        String answer = raw("POST /v1.3/analyze/batches/" + ID + "/cancel" + parameter + " HTTP/1.1\r\nHost: a\r\n"
                + "x-api-key: " + TOKEN + "\r\nConnection: close\r\n\r\n");

        assertThat(answer).startsWith("HTTP/1.1 400").contains("application/problem+json", "\"parameter_invalid\"");
        assertThat(SIMULATOR.requests()).isEmpty();
    }

    @Test
    void theTraceIsTheCallersWhereItBringsOne() throws IOException {
        String trace = "4bf92f3577b34da6a3ce929d0e0e4736";

        assertThat(raw("POST /v1.3/analyze/batches/%2F/cancel HTTP/1.1\r\nHost: a\r\ntraceparent: 00-" + trace
                        + "-00f067aa0ba902b7-01\r\n\r\n"))
                .startsWith("HTTP/1.1 400")
                .contains("\"trace_id\":\"" + trace + "\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "zz\r\nabc\r\n0\r\n\r\n", // no chunk size
                "fffffffffffffffff\r\nabc\r\n0\r\n\r\n", // none that a number holds
                "3\r\nabcde\r\n0\r\n\r\n", // more data than the size says
                "3\r\nabc\n0\r\n\r\n", // no CR
                "3\r\nabc\r\n", // no last chunk
                "5\r\nabc", // less data than the size says
                "", // nothing
            })
    void aMalformedChunkedBodyIs400AndOneLine(String body, CapturedOutput output) throws IOException {
        double refused = count("cancel.gateway.cancellations", "tenant", "none", "outcome", "refused");
        try (GatewayLog log = new GatewayLog("io.cancelgateway.problem")) {
            assertOneShape(raw(chunked(body)), 400);

            assertOneLineWithoutStackTrace(log, output);
        }
        awaitCount(refused + 1, "cancel.gateway.cancellations", "tenant", "none", "outcome", "refused");
    }

    @Test
    void aBodyCutOffByAResetIsOneLine(CapturedOutput output) throws IOException {
        double refused = count("cancel.gateway.cancellations", "tenant", "none", "outcome", "refused");
        try (GatewayLog log = new GatewayLog("io.cancelgateway.problem")) {
            try (Socket socket = new Socket("127.0.0.1", port)) {
                socket.setSoLinger(true, 0);
                socket.getOutputStream().write(chunked("5\r\nabc").getBytes(StandardCharsets.ISO_8859_1));
            }
            awaitCount(refused + 1, "cancel.gateway.cancellations", "tenant", "none", "outcome", "refused");

            await().untilAsserted(() -> assertOneLineWithoutStackTrace(log, output));
        }
        assertThat(SIMULATOR.requests()).isEmpty();
    }

    private static String chunked(String body) {
        return "POST /v1.3/analyze/batches/" + ID + "/cancel HTTP/1.1\r\nHost: a\r\nx-api-key: " + TOKEN
                + "\r\nTransfer-Encoding: chunked\r\n\r\n" + body;
    }

    private static void assertOneLineWithoutStackTrace(GatewayLog log, CapturedOutput output) {
        assertThat(log.events()).hasSize(1).allSatisfy(event -> {
            assertThat(event.getLevel()).isEqualTo(Level.DEBUG);
            assertThat(event.getThrowableProxy()).isNull();
        });
        assertThat(output.getAll()).doesNotContain("\tat ");
    }

    private static void assertOneShape(String answer, Integer... statuses) {
        String[] parts = answer.split("\r\n\r\n", 2);
        int status = Integer.parseInt(parts[0].substring("HTTP/1.1 ".length(), "HTTP/1.1 400".length()));
        assertThat(status).as(answer).isIn((Object[]) statuses);
        assertThat(parts[0]).contains("Content-Type: application/problem+json");
        JsonNode problem = JsonMapper.shared().readTree(parts[1]);
        assertThat(problem.path("status").intValue()).isEqualTo(status);
        assertThat(problem.path("trace_id").stringValue()).matches("[0-9a-f]{32}");
        assertThat(problem.path("error").path("code").stringValue()).isEqualTo("bad_request");
        assertThat(SIMULATOR.requests()).isEmpty();
    }

    private String raw(String request) throws IOException {
        return Http.raw(port, request);
    }
}
