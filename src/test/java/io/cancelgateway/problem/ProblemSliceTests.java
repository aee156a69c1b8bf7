package io.cancelgateway.problem;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.tracing.Tracer;
import jakarta.servlet.RequestDispatcher;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.http.MediaType;
import org.springframework.test.web.servlet.assertj.MockMvcTester;
import org.springframework.test.web.servlet.assertj.MvcTestResult;
import org.springframework.test.web.servlet.setup.MockMvcBuilders;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.json.JsonMapper;

/** What the web layer throws or reports, rendered. */
class ProblemSliceTests {

    private MockMvcTester mvc;

    @BeforeEach
    void web() {
        ProblemWriter writer = new ProblemWriter(JsonMapper.shared(), Tracer.NOOP);
        mvc = MockMvcTester.create(MockMvcBuilders.standaloneSetup(new Faulty(), new ProblemErrorController(writer))
                .setControllerAdvice(new ProblemAdvice(writer))
                .build());
    }

    @Test
    void aBugIs500AndKeepsItsSecrets() {
        MvcTestResult result = mvc.get().uri("/bug").exchange();

        assertThat(result).hasStatus(500).hasContentType("application/problem+json");
        assertThat(result).bodyJson().extractingPath("$.error.code").isEqualTo("internal_error");
        assertThat(result).bodyText().doesNotContain("secret").doesNotContain("Exception");
    }

    @Test
    void whatSpringRefusesHasItsRowInTheTable() {
        assertThat(code(mvc.get().uri("/number?n=x").exchange(), 400)).isEqualTo("parameter_invalid");
        assertThat(code(mvc.get().uri("/number").exchange(), 400)).isEqualTo("parameter_invalid");
        assertThat(code(mvc.delete().uri("/number").exchange(), 405)).isEqualTo("method_not_allowed");
        assertThat(code(json("{"), 400)).isEqualTo("parameter_invalid");
        assertThat(code(
                        mvc.post()
                                .uri("/body")
                                .contentType(MediaType.TEXT_PLAIN)
                                .content("x")
                                .exchange(),
                        415))
                .isEqualTo("unsupported_media_type");
    }

    @ParameterizedTest
    @CsvSource({
        "400,parameter_invalid", "401,unauthorized", "403,permission_denied", "404,not_found",
        "405,method_not_allowed", "413,content_too_large", "415,unsupported_media_type", "431,bad_request",
        "500,internal_error", "503,internal_error"
    })
    void whatAFilterReportsHasTheOneShape(int reported, String code) {
        MvcTestResult result = mvc.get()
                .uri("/error")
                .requestAttr(RequestDispatcher.ERROR_STATUS_CODE, reported)
                .requestAttr(RequestDispatcher.ERROR_EXCEPTION, new IllegalStateException("secret"))
                .exchange();

        assertThat(code(result, reported == 503 ? 500 : reported)).isEqualTo(code);
        assertThat(result).bodyText().doesNotContain("secret");
    }

    @Test
    void aWaitIsRoundedUpToWholeSeconds() {
        assertThat(mvc.get().uri("/wait").exchange()).hasStatus(429).hasHeader("Retry-After", "3");
    }

    private MvcTestResult json(String body) {
        return mvc.post()
                .uri("/body")
                .contentType(MediaType.APPLICATION_JSON)
                .content(body)
                .exchange();
    }

    private static String code(MvcTestResult result, int status) {
        assertThat(result).hasStatus(status).hasContentType("application/problem+json");
        return JsonMapper.shared()
                .readTree(result.getResponse().getContentAsByteArray())
                .path("error")
                .path("code")
                .stringValue();
    }

    @RestController
    static class Faulty {

        @GetMapping("/bug")
        void bug() {
            throw new IllegalStateException("secret");
        }

        @GetMapping("/number")
        void number(@RequestParam int n) {}

        @PostMapping(path = "/body", consumes = MediaType.APPLICATION_JSON_VALUE)
        void body(@RequestBody java.util.Map<String, Object> body) {}

        @GetMapping("/wait")
        void limited() {
            throw Problem.of(ProblemType.TOO_MANY_REQUESTS, "Later.")
                    .withRetryAfter(java.time.Duration.ofMillis(2001))
                    .toException();
        }
    }
}
