package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.simulator.RawUpstream;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.Spans;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Import;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.test.context.TestPropertySource;

/** An upstream whose bytes are not what a client expects: an answer all the same, or an error of the table. */
@ExtendWith(OutputCaptureExtension.class)
@TestPropertySource(properties = {"logging.level.root=TRACE", "management.tracing.sampling.probability=1"})
@Import(Spans.class)
class NonsenseUpstreamIT extends EndToEnd {

    private static final RawUpstream UPSTREAM = new RawUpstream();
    private static final String ID = "68f4ddaf8aaa60d33df0e800";
    private static final String BATCH = "{\"status\":\"canceling\",\"tenant\":\"%s\"}";

    @DynamicPropertySource
    static void upstream(DynamicPropertyRegistry registry) {
        registry.add("gateway.upstream.base-url", UPSTREAM::baseUrl);
    }

    @AfterAll
    static void close() throws Exception {
        LoggingSystem.get(NonsenseUpstreamIT.class.getClassLoader()).setLogLevel("ROOT", LogLevel.INFO);
        UPSTREAM.close();
    }

    @Override
    protected void warmUp() {
        for (int i = 0; i < 2; i++) {
            UPSTREAM.next(response("200 OK", "", BATCH));
            retrieve(ID);
        }
        UPSTREAM.reset(); // the first attempts may have been over before they were sent
    }

    @Autowired
    private Spans spans;

    @AfterEach
    void noKeyInLogOrTrace(CapturedOutput log) {
        assertThat(spans.ended()).anyMatch(span -> span.contains("CLIENT"));
        assertThat(spans.ended().stream()
                        .filter(span -> span.contains(ACME_KEY))
                        .count())
                .isZero();
        assertThat(log.getAll()).contains("TRACE");
        // a number, since a line shown here would be in the log of the next test
        assertThat(log.getAll().lines().filter(line -> line.contains(ACME_KEY)).count())
                .isZero();
    }

    @ParameterizedTest
    @CsvSource({"103 Early Hints", "102 Processing", "199 Odd"})
    void anInterimAnswerIsNotTheAnswer(String interim) {
        for (int i = 0; i < 3; i++) {
            String acme = BATCH.formatted("acme" + i);
            String globex = BATCH.formatted("globex" + i);
            UPSTREAM.next("HTTP/1.1 " + interim + "\r\nLink: </a>\r\n\r\n", response("202 Accepted", "", acme));
            UPSTREAM.next("HTTP/1.1 " + interim + "\r\n\r\nHTTP/1.1 103 Early\r\n\r\n"
                    + response("202 Accepted", "", globex));

            Reply first = cancel(ID);
            Reply second = cancel(ID, "x-api-key", WIDE_TOKEN, "X-Tenant-Id", "globex");

            assertThat(first.status()).as(first.text()).isEqualTo(202);
            assertThat(first.text()).isEqualTo(acme);
            assertThat(second.status()).as(second.text()).isEqualTo(202);
            assertThat(second.text()).isEqualTo(globex);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "Content-Type: nonsense",
        "Content-Type: application/json; charset=foo-9",
        "Content-Type: tlk_acme_1111",
        "Content-Encoding: x-odd",
        "Retry-After: tlk_acme_1111",
        "Set-Cookie: a=b",
        "X-Odd: \u00e9"
    })
    void whatAHeaderClaimsDoesNotMatter(String header) {
        UPSTREAM.next(response("202 Accepted", header + "\r\n", BATCH));
        UPSTREAM.next(response(
                "409 Conflict", header + "\r\n", "{\"error\":{\"code\":\"batch_expired\",\"message\":\"no\"}}"));

        Reply accepted = cancel(ID);
        assertThat(accepted.status()).as(accepted.text()).isEqualTo(202);
        assertThat(accepted.text()).isEqualTo(BATCH);
        cancel(ID).isProblem(409, "batch_expired");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "HTTP/1.1 202 Accepted~Transfer-Encoding: chunked~~zz~{}~|reset",
                "HTTP/1.1 202 Accepted~Content-Length: tlk_acme_1111~~{}|reset",
                "HTTP/1.1 tlk_acme_1111 OK~Content-Length: 2~~{}|reset",
                "HTTP/1.1 099 Odd~Content-Length: 2~~{}|reset",
                "HTTP/1.1 1202 Odd~Content-Length: 2~~{}|reset",
                "tlk_acme_1111~~|reset",
                "HTTP/1.1 999 Odd~Content-Length: 2~~{}|unreadable",
                "HTTP/1.1 204 No Content~~|unreadable",
            })
    void bytesThatAreNotAnAnswerAreUpstreamErrorAndCounted(String bytes, String result) {
        String[] tags = {"operation", "retrieve", "result", result};
        double before = count("cancel.gateway.upstream.attempts", tags);
        int requests = UPSTREAM.requests();
        UPSTREAM.next(bytes.replace("~", "\r\n"));

        retrieve(ID).isProblem(502, "upstream_error");

        assertThat(count("cancel.gateway.upstream.attempts", tags)).isEqualTo(before + 1);
        assertThat(UPSTREAM.requests()).isEqualTo(requests + 1);
    }

    @Test
    void aRefusalWhoseBodyBreaksOffIsNoAnswer() {
        UPSTREAM.next("HTTP/1.1 409 Conflict\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");

        cancel(ID).isProblem(502, "upstream_error");
    }

    @Test
    void aNumberOfAnyLengthDoesNotMatter() {
        upstreamSendsNonsense = true;
        for (int digits : new int[] {309, 2000}) {
            String body = "{\"canceled_items\":%s,\"status\":\"canceling\"}".formatted("9".repeat(digits));
            double accepted = count("cancel.gateway.cancellations", "outcome", "accepted");
            double attempts = count("cancel.gateway.upstream.attempts", "operation", "cancel", "result", "success");
            UPSTREAM.next(response("202 Accepted", "", body));

            Reply reply = cancel(ID);

            assertThat(reply.status()).as(reply.text()).isEqualTo(202);
            assertThat(reply.text()).isEqualTo(body);
            assertThat(count("cancel.gateway.cancellations", "outcome", "accepted"))
                    .isEqualTo(accepted + 1);
            assertThat(count("cancel.gateway.upstream.attempts", "operation", "cancel", "result", "success"))
                    .isEqualTo(attempts + 1);
        }
    }

    private static String response(String status, String headers, String body) {
        return "HTTP/1.1 " + status + "\r\n" + headers + "Content-Length: " + body.length() + "\r\n\r\n" + body;
    }
}
