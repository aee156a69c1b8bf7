package io.cancelgateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.Http;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.Secrets;
import io.cancelgateway.support.Spans;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggerConfiguration;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Import;
import org.springframework.test.context.TestPropertySource;

/** No key and no token comes out anywhere, whatever goes wrong, with every logger and every endpoint switched on. */
@ExtendWith(OutputCaptureExtension.class)
@TestPropertySource("classpath:everything-on.properties")
@Import(Spans.class)
class SecretsIT extends EndToEnd {

    private static final Secrets SECRETS =
            Secrets.of(List.of(ACME_KEY, GLOBEX_KEY, "tlk_revoked_3333", "tlk_twins_4444", TOKEN, WIDE_TOKEN));

    static final List<String> ENDPOINTS = List.of(
            "",
            "/env",
            "/configprops",
            "/heapdump",
            "/threaddump",
            "/loggers",
            "/beans",
            "/mappings",
            "/httpexchanges",
            "/conditions",
            "/scheduledtasks",
            "/caches",
            "/metrics",
            "/logfile",
            "/shutdown",
            "/startup",
            "/sbom",
            "/health",
            "/health/liveness",
            "/health/readiness",
            "/info",
            "/prometheus");

    @AfterAll
    static void quiet() {
        LoggingSystem logging = LoggingSystem.get(SecretsIT.class.getClassLoader());
        logging.setLogLevel("ROOT", LogLevel.INFO);
        for (LoggerConfiguration logger : logging.getLoggerConfigurations()) {
            if (logger.getConfiguredLevel() == LogLevel.TRACE) {
                logging.setLogLevel(logger.getName(), null);
            }
        }
    }

    @Autowired
    private Spans spans;

    @Test
    void comeOutNowhere(CapturedOutput log) throws IOException {
        List<String> answers = new ArrayList<>();
        String id = ACME.createBatch().id();
        for (Fault fault : faults()) {
            SIMULATOR.next(Operation.CANCEL, fault);
            SIMULATOR.next(Operation.RETRIEVE, fault);
            SIMULATOR.next(Operation.LIST, fault);
            note(answers, cancel(id));
            note(answers, retrieve(id));
            note(answers, list());
        }
        for (String[] headers : new String[][] {
            {"x-api-key", TOKEN, "Authorization", "Bearer " + WIDE_TOKEN},
            {"Authorization", "Bearer " + TOKEN + "x"},
            {"Authorization", "Basic " + TOKEN},
            {"x-api-key", TOKEN, "X-Tenant-Id", "globex"},
            {"x-api-key", WIDE_TOKEN, "X-Tenant-Id", "revoked"},
            {"x-api-key", WIDE_TOKEN},
            {"x-api-key", ACME_KEY},
        }) {
            note(answers, cancel(id, headers));
            note(answers, cancel("%2f", headers));
            note(answers, cancel("a;b", headers));
            note(answers, send("GET", "/v1.3/analyze/batches", headers));
        }
        answers.add(raw("GET / HTTP/1.1\r\nHost: a\r\nx-api-key: " + TOKEN + "\r\nbad header\r\n\r\n"));
        answers.add(raw("G<T / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + TOKEN + "\r\n\r\n"));
        answers.add(raw("GET / HTTP/9.9\r\nHost: a\r\nAuthorization: Bearer " + TOKEN + "\r\n\r\n"));
        answers.add(raw("GET / HTTP/1.1\r\nHost: a\r\nx-api-key: " + TOKEN + "a".repeat(20_000) + "\r\n\r\n"));
        for (String endpoint : ENDPOINTS) {
            note(answers, management("/actuator" + endpoint));
        }
        note(answers, management("/actuator/env/gateway.tenants.acme.api-key"));

        assertThat(answers.stream().flatMap(SECRETS::in)).isEmpty();
        assertThat(spans.ended()).isNotEmpty();
        assertThat(spans.ended().stream().flatMap(SECRETS::in)).isEmpty();
        // the whole log, and a proof that it is one
        assertThat(log.getAll()).contains("TRACE").contains("POST \"/v1.3/analyze/batches/");
        assertThat(log.getAll().lines().flatMap(SECRETS::in)).isEmpty();
    }

    @Test
    void aQueryThatCannotBeDecodedDoesNotEither(CapturedOutput log) throws IOException {
        List<String> answers = new ArrayList<>();
        String id = ACME.createBatch().id();
        for (String path : List.of("/v1/cancellations", "/v1/cancellations/" + id, batchPath(id), "/nothing")) {
            answers.add(
                    raw("GET " + path + "?x=%zz" + TOKEN + " HTTP/1.1\r\nHost: a\r\nx-api-key: " + TOKEN + "\r\n\r\n"));
        }
        answers.add(raw("POST " + cancelPath(id) + "?x=%zz" + TOKEN + " HTTP/1.1\r\nHost: a\r\nx-api-key: " + TOKEN
                + "\r\n\r\n"));

        assertThat(answers).allMatch(answer -> answer.startsWith("HTTP/1.1 400"));
        assertThat(answers.stream().flatMap(SECRETS::in)).isEmpty();
        assertThat(log.getAll()).contains("TRACE");
        assertThat(log.getAll().lines().flatMap(SECRETS::in)).isEmpty();
    }

    @Test
    void onlyThreeEndpointsAreThereWhateverIsExposed() {
        for (String endpoint : ENDPOINTS) {
            boolean shown = List.of("", "/health", "/health/liveness", "/health/readiness", "/info", "/prometheus")
                    .contains(endpoint);
            int status = management("/actuator" + endpoint).status();
            assertThat(status).as(endpoint).isEqualTo(shown ? 200 : 401);
        }
    }

    static List<Fault> faults() {
        List<Fault> faults = new ArrayList<>(List.of(
                Fault.none(),
                Fault.resetBefore(),
                Fault.resetAfter(),
                Fault.hangBefore(),
                Fault.hangAfter(),
                Fault.slow(Duration.ofMillis(10)),
                Fault.truncated(),
                Fault.html(),
                Fault.noStatus(),
                Fault.rateLimited("0")));
        String accepted = "{\"status\":\"canceling\"}";
        faults.add(Fault.body(202, ACME_KEY, accepted));
        faults.add(Fault.body(409, ACME_KEY, accepted));
        faults.add(Fault.status(503, "busy", Map.of("Retry-After", ACME_KEY, "Date", ACME_KEY, "Location", ACME_KEY)));
        for (int status : new int[] {301, 400, 401, 403, 404, 408, 409, 418, 429, 500, 502, 503, 504}) {
            // an upstream that repeats the key it was given
            faults.add(Fault.flatStatus(status, "code_" + ACME_KEY, "the key " + ACME_KEY + " is odd"));
            faults.add(new Fault.Status(status, Map.of("X-Echo", ACME_KEY), "<html>" + ACME_KEY + "</html>"));
        }
        return faults;
    }

    private static void note(List<String> answers, Reply reply) {
        HttpResponse<byte[]> response = reply.response();
        answers.add(response.statusCode() + " " + response.headers().map() + " " + reply.text());
    }

    private String raw(String request) throws IOException {
        return Http.raw(port, request);
    }
}
