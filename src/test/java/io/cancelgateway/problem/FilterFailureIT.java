package io.cancelgateway.problem;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.spi.ILoggingEvent;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.GatewayLog;
import io.cancelgateway.support.Http;
import io.cancelgateway.support.Reply;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.http.HttpRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.security.autoconfigure.web.servlet.SecurityFilterProperties;
import org.springframework.context.annotation.Import;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/** What a filter reports or throws is rendered by the error dispatch, and where that fails too, by the container. */
@Import(FilterFailureIT.Faulty.class)
class FilterFailureIT extends EndToEnd {

    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

    @ParameterizedTest
    @CsvSource({
        "report 500,500,internal_error",
        "report 404,404,not_found",
        "throw,500,internal_error",
        "throw in each dispatch,500,internal_error",
    })
    void theAnswerHasTheTraceOfTheLog(String fault, int status, String code) {
        try (GatewayLog log = new GatewayLog("io.cancelgateway.problem")) {
            Reply reply = get(fault, "X-Nothing", "").isProblem(status, code);

            assertThat(log.events())
                    .isNotEmpty()
                    .allSatisfy(event -> assertThat(traceId(event)).isEqualTo(traceId(reply)));
            // the filter's own line, and that of whoever rendered its failure
            assertThat(log.events()).hasSize(fault.startsWith("throw") ? 2 : 1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"report 500", "throw", "throw in each dispatch"})
    void theTraceIsTheCallersWhereItBringsOne(String fault) {
        try (GatewayLog log = new GatewayLog("io.cancelgateway.problem")) {
            Reply reply = get(fault, "traceparent", "00-" + TRACE + "-00f067aa0ba902b7-01");

            assertThat(traceId(reply)).isEqualTo(TRACE);
            assertThat(log.events()).extracting(FilterFailureIT::traceId).containsOnly(TRACE);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "report 404,refused",
        "report 413,refused",
        "answer 429,rate_limited",
        "report 500,internal_error",
        "throw,internal_error",
        "answer 503,unavailable",
    })
    void aCancelThatNeverReachedTheServiceIsCountedOnce(String fault, String outcome) {
        double all = count("cancel.gateway.cancellations");
        double before = count("cancel.gateway.cancellations", "tenant", "none", "outcome", outcome);

        assertThat(cancel("68f4ddaf8aaa60d33df0e800", "x-api-key", TOKEN, Faulty.HEADER, fault)
                        .status())
                .isGreaterThanOrEqualTo(400);

        awaitCount(before + 1, "cancel.gateway.cancellations", "tenant", "none", "outcome", outcome);
        awaitCount(all + 1, "cancel.gateway.cancellations");
        assertThat(SIMULATOR.requests()).isEmpty();
    }

    @Test
    void aFailureOfSomethingElseThanACancelIsNotCounted() {
        double all = count("cancel.gateway.cancellations");

        get("throw", "X-Nothing", "");
        cancel("nonsense");

        awaitCount(all + 1, "cancel.gateway.cancellations");
    }

    /** The filter answers what the gateway would not, so the API document is no measure for it. */
    @Override
    protected Reply send(String method, String path, HttpRequest.BodyPublisher body, String... headers) {
        return Http.send(method, "http://127.0.0.1:" + port + path, body, headers);
    }

    private Reply get(String fault, String header, String value) {
        return send("GET", "/v1/cancellations", "x-api-key", TOKEN, Faulty.HEADER, fault, header, value);
    }

    private static String traceId(Reply reply) {
        return reply.json().path("trace_id").stringValue();
    }

    private static String traceId(ILoggingEvent event) {
        return event.getMDCPropertyMap().get("traceId");
    }

    /** Fails as the request's header says, behind the filters that know the caller. */
    @Component
    @Order(SecurityFilterProperties.DEFAULT_FILTER_ORDER + 1)
    static class Faulty extends OncePerRequestFilter {

        private static final String HEADER = "X-Fault";

        private static final Logger log = LoggerFactory.getLogger(Faulty.class);

        @Override
        protected boolean shouldNotFilterErrorDispatch() {
            return false;
        }

        @Override
        protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
                throws ServletException, IOException {
            String fault = request.getHeader(HEADER);
            boolean again = request.getDispatcherType() == DispatcherType.ERROR;
            if (fault == null || (again && !fault.equals("throw in each dispatch"))) {
                chain.doFilter(request, response);
                return;
            }
            if (!again) {
                log.info("About to fail");
            }
            if (fault.startsWith("throw")) {
                throw new IllegalStateException("A fault of the test");
            }
            int status = Integer.parseInt(fault.split(" ")[1]);
            if (fault.startsWith("report")) {
                response.sendError(status);
            } else {
                response.setStatus(status);
            }
        }
    }
}
