package io.cancelgateway.problem;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.propagation.Propagator;
import jakarta.servlet.RequestDispatcher;
import java.io.EOFException;
import java.net.SocketTimeoutException;
import java.sql.SQLException;
import java.util.stream.Stream;
import org.apache.catalina.connector.ClientAbortException;
import org.apache.coyote.BadRequestException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.dao.PessimisticLockingFailureException;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.dao.RecoverableDataAccessException;
import org.springframework.http.MediaType;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.jdbc.BadSqlGrammarException;
import org.springframework.jdbc.CannotGetJdbcConnectionException;
import org.springframework.mock.http.MockHttpInputMessage;
import org.springframework.test.web.servlet.assertj.MockMvcTester;
import org.springframework.test.web.servlet.assertj.MvcTestResult;
import org.springframework.test.web.servlet.setup.MockMvcBuilders;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.transaction.IllegalTransactionStateException;
import org.springframework.transaction.TransactionSystemException;
import org.springframework.transaction.TransactionTimedOutException;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.async.AsyncRequestNotUsableException;
import tools.jackson.databind.json.JsonMapper;

/** What the web layer throws or reports, rendered. */
class ProblemSliceTests {

    private MockMvcTester mvc;

    @BeforeEach
    void web() {
        ProblemWriter writer = new ProblemWriter(JsonMapper.shared(), Tracer.NOOP);
        mvc = MockMvcTester.create(MockMvcBuilders.standaloneSetup(
                        new Faulty(),
                        new ProblemErrorController(writer, new RequestTrace(Tracer.NOOP, Propagator.NOOP)))
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

    static Stream<Exception> databaseFailures() {
        EOFException hungUp = new EOFException();
        return Stream.of(
                new CannotCreateTransactionException("no connection", hungUp),
                new CannotGetJdbcConnectionException("no connection", new SQLException(hungUp)),
                new DataAccessResourceFailureException("broken", hungUp),
                new RecoverableDataAccessException("reconnect", hungUp),
                new QueryTimeoutException("slow", hungUp),
                new PessimisticLockingFailureException("locked", hungUp),
                new TransactionSystemException("commit", hungUp),
                new TransactionTimedOutException("slow", hungUp));
    }

    @ParameterizedTest
    @MethodSource("databaseFailures")
    void aDatabaseThatDoesNotAnswerIs503(Exception failure) {
        MvcTestResult result = failing(failure);

        assertThat(code(result, 503)).isEqualTo("ledger_unavailable");
        assertThat(result).hasHeader("Retry-After", "1");
        assertThat(code(reported(500, failure), 503)).isEqualTo("ledger_unavailable");
    }

    static Stream<Exception> bugsWithADatabase() {
        EOFException cause = new EOFException();
        return Stream.of(
                new BadSqlGrammarException("task", "SELECT", new SQLException(cause)),
                new DataIntegrityViolationException("twice", cause),
                new IllegalTransactionStateException("nested", cause),
                new IllegalStateException(cause),
                cause);
    }

    @ParameterizedTest
    @MethodSource("bugsWithADatabase")
    void aBugWithADatabaseIs500WhateverItsCause(Exception failure) {
        assertThat(code(failing(failure), 500)).isEqualTo("internal_error");
    }

    static Stream<Exception> connectionFailures() {
        return Stream.of(
                new ClientAbortException(new EOFException()),
                new BadRequestException("chunk"),
                new AsyncRequestNotUsableException("gone"),
                new HttpMessageNotReadableException(
                        "body", new ClientAbortException(), new MockHttpInputMessage(new byte[0])));
    }

    @ParameterizedTest
    @MethodSource("connectionFailures")
    void whatTheContainerCannotReadOrWriteIsNeverAnEmptyAnswer(Exception failure) {
        assertThat(code(failing(failure), 400)).isEqualTo("bad_request");
    }

    @Test
    void aBodyThatTheContainerCouldNotReadIsReportedWithout500() {
        assertThat(code(reported(400, new EOFException()), 400)).isEqualTo("bad_request");
        assertThat(code(reported(408, new SocketTimeoutException()), 408)).isEqualTo("bad_request");
    }

    private MvcTestResult failing(Exception failure) {
        return mvc.get().uri("/failing").requestAttr(Faulty.FAILURE, failure).exchange();
    }

    private MvcTestResult reported(int status, Exception failure) {
        return mvc.get()
                .uri("/error")
                .requestAttr(RequestDispatcher.ERROR_STATUS_CODE, status)
                .requestAttr(RequestDispatcher.ERROR_EXCEPTION, failure)
                .exchange();
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

        private static final String FAILURE = "failure";

        @GetMapping("/failing")
        void failing(@RequestAttribute(FAILURE) Exception failure) throws Exception {
            throw failure;
        }

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
