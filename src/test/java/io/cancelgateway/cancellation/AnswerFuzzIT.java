package io.cancelgateway.cancellation;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.simulator.RawUpstream;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.TestClock;
import java.net.http.HttpRequest;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.test.context.TestPropertySource;

/**
 * Answers of the upstream made at random of good and of bad parts. Each batch has one of its own, which every request
 * about it gets. The seed is fixed, so that a failure can be seen again; another one is {@code -Dfuzz.seed=}.
 */
@ExtendWith(OutputCaptureExtension.class)
@Import(AnswerFuzzIT.Time.class)
@TestPropertySource(
        properties = {
            "gateway.upstream.attempt-timeout=300ms",
            "gateway.upstream.deadline=1s",
            "gateway.follow-up.initial-delay=20ms",
            "gateway.follow-up.max-delay=100ms",
            "db-scheduler.polling-interval=50ms",
            "db-scheduler.heartbeat-interval=365d", // an hour's jump of the clock is no death
            "spring.datasource.url=jdbc:h2:mem:answers"
        })
@DirtiesContext // its follow-ups must not ask on while others count requests
class AnswerFuzzIT extends EndToEnd {

    private static final long SEED = Long.getLong("fuzz.seed", 20_261_125);
    private static final int ANSWERS = Integer.getInteger("fuzz.answers", 200);

    /** Those of the tables in docs/API.md, and of the vendor. */
    private static final Set<Integer> STATUSES = Set.of(200, 202, 400, 403, 404, 409, 429, 502, 503, 504);

    private static final Pattern BATCH = Pattern.compile("^(POST|GET) /v1.3/analyze/batches/([0-9a-f]{24})[/ ]");
    private static final Set<String> POLLED = ConcurrentHashMap.newKeySet();
    private static final TestClock CLOCK = new TestClock();

    private static final RawUpstream UPSTREAM = new RawUpstream(AnswerFuzzIT::answer);

    private static volatile String listed = id(0);

    private static final List<String> STATUS_LINES = List.of(
            "200 OK",
            "200 OK",
            "200 OK",
            "202 Accepted",
            "202 Accepted",
            "202 Accepted",
            "409 Conflict",
            "404 Not Found",
            "201 Created",
            "204 No Content",
            "206 Partial Content",
            "302 Found",
            "304 Not Modified",
            "400 Bad Request",
            "401 Unauthorized",
            "403 Forbidden",
            "408 Request Timeout",
            "410 Gone",
            "418 Teapot",
            "429 Too Many Requests",
            "451 Law",
            "500 Oops",
            "501 Not Implemented",
            "502 Bad Gateway",
            "503 Busy",
            "504 Gateway Timeout",
            "520 Web",
            "599 Odd",
            "600 Odd",
            "999 Odd",
            "099 Odd",
            "2000 OK",
            "20 OK",
            "abc OK",
            "");

    private static final List<String> HEADERS = List.of(
            "Content-Type: application/json",
            "Content-Type: text/html",
            "Content-Type: ;;;",
            "Content-Type: application/json; charset=odd-9",
            "Content-Encoding: gzip",
            "Retry-After: 1",
            "Retry-After: 0",
            "Retry-After: -1",
            "Retry-After: 99999999999999999999",
            "Retry-After: Wed, 21 Oct 2099 07:28:00 GMT",
            "Retry-After: soon",
            "Retry-After:",
            "Date: yesterday",
            "Date: Wed, 21 Oct 1999 07:28:00 GMT",
            "Location: http://127.0.0.1:1/",
            "Set-Cookie: a=b",
            "Connection: upgrade",
            "no colon",
            "X-Odd: \u0001",
            "X-Long: " + "x".repeat(20_000));

    private static final List<String> VALUES = List.of(
            "0",
            "3",
            "70",
            "-1",
            "-0",
            "1.5",
            "7E1",
            "1e400",
            "2147483648",
            "9".repeat(309),
            "9".repeat(1001),
            "true",
            "null",
            "{}",
            "[]",
            "[[[1]]]",
            "\"\"",
            "\"3\"",
            "\"odd\"",
            "\"canceling\"",
            "\"canceled\"",
            "\"completed\"",
            "\"expired\"",
            "\"pending\"",
            "\"\\u0000\"",
            "\"\\ud800\"",
            "\"\\q\"",
            "\"" + "x".repeat(5000) + "\"",
            "NaN",
            "01",
            "");

    private static final List<String> CODES = List.of(
            "batch_canceled", "batch_completed", "batch_expired", "too_many_requests", "api_key_invalid", "odd", "");

    private static final List<String> BODIES = List.of(
            "",
            "null",
            "7",
            "\"text\"",
            "[]",
            "{}",
            "{",
            "}",
            "{\"status\":\"canceling\"",
            "{\"status\":\"canceled\"}{}",
            "{\"status\":\"canceled\",\"status\":7}",
            "<html>Bad</html>",
            "\u00ef\u00bb\u00bf{\"status\":\"canceled\"}",
            "\u00ff\u00fe{",
            "{\"error\":null}",
            "{\"error\":[]}",
            "{\"data\":null}",
            "{\"data\":[null,7,{}]}",
            "{\"a\":".repeat(3000),
            "[".repeat(3000),
            "x".repeat(300_000));

    @TestConfiguration
    static class Time {
        @Bean
        @Primary
        Clock testClock() {
            return CLOCK;
        }
    }

    @DynamicPropertySource
    static void upstream(DynamicPropertyRegistry registry) {
        registry.add("gateway.upstream.base-url", UPSTREAM::baseUrl);
    }

    @AfterAll
    static void close() throws Exception {
        UPSTREAM.close();
    }

    @Autowired
    private JdbcClient database;

    @Test
    void noneIsA500AndEveryCancellationEnds(CapturedOutput log) {
        upstreamSendsNonsense = true;
        TreeMap<Integer, Integer> statuses = new TreeMap<>();
        for (int i = 1; i <= ANSWERS; i++) {
            String id = id(i);
            listed = id;
            time.push(Duration.ofMinutes(10)); // no pause, and a full budget
            try {
                check(i % 3 == 0 ? cancel(id, "x-api-key", TOKEN, "Prefer", "respond-async") : cancel(id), statuses);
                check(retrieve(id), statuses);
                check(list(), statuses);
                check(cancelMany("{\"batch_ids\":[\"" + id + "\"]}"), statuses);
                if (i % 10 == 0) {
                    check(cancelMany("{\"all_active\":true}"), statuses);
                }
            } catch (RuntimeException | AssertionError e) {
                String shown = answer("GET /v1.3/analyze/batches/" + id + " ")[0];
                throw new AssertionError("Answer " + i + " of seed " + SEED + ":\n" + shown, e);
            }
        }
        // a proof that the parts fit together
        assertThat(statuses.keySet()).containsAll(Set.of(200, 202, 404, 409, 502));

        Awaitility.await().atMost(Duration.ofMinutes(1)).untilAsserted(() -> {
            CLOCK.push(Duration.ofHours(1));
            time.push(Duration.ofMinutes(10));
            assertThat(open()).isEmpty();
        });
        assertThat(POLLED.size()).isGreaterThan(ANSWERS / 4);
        // keys that are refused, or the same, are no surprise here
        assertThat(log.getAll().lines().filter(line -> line.contains(" ERROR ") && !line.contains("tenant.Tenants")))
                .isEmpty();
    }

    private static void check(Reply reply, TreeMap<Integer, Integer> statuses) {
        assertThat(reply.status()).as(reply.text()).isIn(STATUSES);
        if (reply.status() >= 400) {
            assertThat(reply.json().at("/error/code").stringValue("")).isNotBlank();
        }
        statuses.merge(reply.status(), 1, Integer::sum);
    }

    private Reply cancelMany(String body) {
        return send(
                "POST",
                "/v1/cancellations",
                HttpRequest.BodyPublishers.ofString(body),
                "x-api-key",
                TOKEN,
                "Content-Type",
                "application/json");
    }

    /** The batches whose cancellation has not ended, or still has a task. */
    private List<String> open() {
        return database.sql("""
                        SELECT batch_id FROM cancellation
                         WHERE finished_at IS NULL
                            OR EXISTS (SELECT 1 FROM scheduled_tasks WHERE task_instance LIKE cancellation.id || '-%')
                        """).query(String.class).list();
    }

    private static String id(int number) {
        return "%024x".formatted(number);
    }

    private static String[] answer(String head) {
        Matcher batch = BATCH.matcher(head);
        boolean ofBatch = batch.find();
        String id = ofBatch ? batch.group(2) : listed;
        if (head.startsWith("GET") && ofBatch) {
            POLLED.add(id);
        }
        Random random = new Random(SEED + Long.parseLong(id, 16));
        StringBuilder answer = new StringBuilder("HTTP/1.1 " + pick(STATUS_LINES, random) + "\r\n");
        for (int i = random.nextInt(4); i > 0; i--) {
            answer.append(pick(HEADERS, random)).append("\r\n");
        }
        String body = ofBatch ? batchBody(random) : listBody(random);
        if (random.nextInt(3) == 0) {
            answer.append("Connection: close\r\n");
        }
        return new String[] {answer + framed(body, random)};
    }

    private static String framed(String body, Random random) {
        return switch (random.nextInt(12)) {
            case 0 ->
                "Transfer-Encoding: chunked\r\n\r\n" + Integer.toHexString(body.length()) + "\r\n" + body
                        + "\r\n0\r\n\r\n";
            case 1 -> "Connection: close\r\n\r\n" + body; // it ends with the connection
            case 2 -> "Connection: close\r\nContent-Length: " + (body.length() + 5) + "\r\n\r\n" + body;
            case 3 -> "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + body;
            default -> "Content-Length: " + body.length() + "\r\n\r\n" + body;
        };
    }

    private static String batchBody(Random random) {
        if (random.nextInt(4) == 0) {
            return pick(BODIES, random);
        }
        if (random.nextInt(3) == 0) {
            String error = "{\"code\":\"%s\",\"message\":%s}"
                    .formatted(pick(CODES, random), random.nextInt(2) == 0 ? "\"no\"" : pick(VALUES, random));
            return random.nextInt(2) == 0 ? error : "{\"error\":" + error + "}";
        }
        StringBuilder body = new StringBuilder("{\"batch_id\":\"" + id(7) + "\"");
        for (String field : List.of(
                "status",
                "total_items",
                "queued_items",
                "processing_items",
                "ready_items",
                "failed_items",
                "canceled_items",
                "model_name",
                "analysis_mode",
                "created_at",
                "error")) {
            if (random.nextInt(4) > 0) {
                String value = field.equals("status") && random.nextInt(2) == 0
                        ? "\"canceling\""
                        : random.nextInt(3) == 0 ? pick(VALUES, random) : "3";
                body.append(",\"%s\":%s".formatted(field, value));
            }
        }
        return body + "}";
    }

    private static String listBody(Random random) {
        if (random.nextInt(4) == 0) {
            return pick(BODIES, random);
        }
        return "{\"data\":[{\"batch_id\":\"%s\",\"status\":%s},%s],\"page_info\":{\"page\":%s,\"total_page\":%s}}"
                .formatted(
                        id(8),
                        random.nextInt(2) == 0 ? "\"processing\"" : pick(VALUES, random),
                        random.nextInt(2) == 0 ? batchBody(random) : pick(VALUES, random),
                        pick(VALUES, random),
                        pick(VALUES, random));
    }

    private static String pick(List<String> from, Random random) {
        return from.get(random.nextInt(from.size()));
    }
}
