package io.cancelgateway.problem;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.Http;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Requests whose length can be read in two ways (RFC 9112, section 11.2), each with a second request in what one way
 * takes for the body. It gets one answer and a closed connection, and the second request is never carried out.
 */
class SmugglingIT extends EndToEnd {

    private static final Pattern ANSWER = Pattern.compile("HTTP/1\\.1 \\d{3}");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
                "Content-Length: 0\r\nContent-Length: 5\r\n\r\n",
                "Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
                "Content-Length: 0, 0\r\n\r\n",
                "Content-Length: +0\r\n\r\n",
                "Content-Length: -1\r\n\r\n",
                "Content-Length: 0x0\r\n\r\n",
                "Content-Length : 0\r\n\r\n",
                "Content-Length: 0\r\nTransfer-Encoding : chunked\r\n\r\n",
                "Content-Length: 0\r\nTransfer-Encoding: xchunked\r\n\r\n",
                "Content-Length: 0\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
                "Content-Length: 0\r\nTransfer-Encoding: identity\r\n\r\n",
                "Content-Length: 0\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: odd\r\n\r\n0\r\n\r\n",
                "Content-Length: 0\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                "Content-Length: 0\r\nTransfer-Encoding: \u000bchunked\r\n\r\n0\r\n\r\n",
                "Content-Length: 0\r\nTransfer_Encoding: chunked\r\nTransfer-Encoding\u0000: chunked\r\n\r\n",
                "X: a\rContent-Length: 5\r\n\r\n",
                "Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n",
                "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
                "Transfer-Encoding: chunked\r\n\r\n0\n\n",
                "Transfer-Encoding: chunked\r\n\r\n1\r\naXX0\r\n\r\n",
                "Transfer-Encoding: chunked\r\n\r\n0\r\nbad trailer\r\n\r\n",
            })
    void isAnsweredOnceAndClosed(String framing) throws IOException {
        String first = ACME.createBatch().id();
        String second = ACME.createBatch().id();

        String answer = Http.rawUntilClosed(port, request(first) + framing + request(second) + "\r\n");

        assertThat(ANSWER.matcher(answer).results()).as(answer).hasSize(1);
        assertThat(answer.toLowerCase(Locale.ROOT)).contains("connection: close");
        assertThat(SIMULATOR.requests())
                .hasSizeLessThanOrEqualTo(answer.startsWith("HTTP/1.1 202") ? 1 : 0)
                .noneMatch(sent -> sent.uri().contains(second));
    }

    /** Two ways to name the host, and a tunnel: refused, whatever comes after. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "POST http://other.example/v1/caller HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
                "GET /v1/caller HTTP/1.1\r\nHost: a, b\r\n\r\n",
                "CONNECT other.example:443 HTTP/1.1\r\nHost: other.example:443\r\n\r\n",
            })
    void isRefused(String start) throws IOException {
        String answer = Http.rawUntilClosed(port, start + request("68f4ddaf8aaa60d33df0e800") + "\r\n");

        assertThat(ANSWER.matcher(answer).results()).as(answer).hasSize(1);
        assertThat(answer).matches("(?s)HTTP/1\\.1 (400|501) .*");
        assertThat(SIMULATOR.requests()).isEmpty();
    }

    /** Its answer would be bytes of HTTP/2, which is off. */
    @Test
    void theBeginOfHttp2IsClosed() throws IOException {
        String answer = Http.rawUntilClosed(
                port, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + request("68f4ddaf8aaa60d33df0e800") + "\r\n");

        assertThat(answer).isEmpty();
        assertThat(SIMULATOR.requests()).isEmpty();
    }

    private static String request(String batch) {
        return String.join(
                "\r\n", List.of("POST " + cancelPath(batch) + " HTTP/1.1", "Host: a", "x-api-key: " + TOKEN, ""));
    }
}
