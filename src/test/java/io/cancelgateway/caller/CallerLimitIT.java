package io.cancelgateway.caller;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.spi.ILoggingEvent;
import io.cancelgateway.platform.AuditEvent;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.GatewayLog;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.Sha256;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** A caller that is out of hand, and one that has no business here. */
class CallerLimitIT extends EndToEnd {

    private static final String LIMITED = "token-of-limited";
    private static final int LIMIT = 5;

    @DynamicPropertySource
    static void limited(DynamicPropertyRegistry registry) {
        registry.add("gateway.callers.limited.token-sha256", () -> Sha256.hex(LIMITED));
        registry.add("gateway.callers.limited.tenants", () -> "acme");
        registry.add("gateway.callers.limited.max-requests-per-second", () -> LIMIT);
    }

    @Test
    void whatIsBeyondTheLimitIsRefusedAtTheDoorAndOthersAreNot() {
        String batch = ACME.createBatch(1, 1, Duration.ofHours(1)).id();
        double limited = count("cancel.gateway.cancellations", "outcome", "rate_limited");

        List<Reply> replies = IntStream.range(0, 10 * LIMIT)
                .mapToObj(_ -> cancel(batch, "x-api-key", LIMITED))
                .toList();

        List<Reply> refused =
                replies.stream().filter(reply -> reply.status() == 429).toList();
        // the second may have turned once or twice
        assertThat(refused).hasSizeBetween(6 * LIMIT, 9 * LIMIT);
        refused.getFirst().isProblem(429, "too_many_requests");
        assertThat(refused.getFirst().header("Retry-After")).isEqualTo("1");
        assertThat(SIMULATOR.requests()).hasSize(replies.size() - refused.size());
        awaitCount(limited + refused.size(), "cancel.gateway.cancellations", "outcome", "rate_limited");
        assertThat(cancel(batch).status()).isEqualTo(202);
    }

    @Test
    void aFloodOfRefusedRequestsIsCountedAndCutInTheLog() {
        double before = count("cancel.gateway.auth.failures", "reason", "unauthorized");
        try (GatewayLog log = new GatewayLog(AuditEvent.LOGGER)) {
            for (int i = 0; i < 50; i++) {
                send("GET", "/v1/cancellations/68f4ddaf8aaa60d33df0e800", "x-api-key", "made up " + i)
                        .isProblem(401, "unauthorized");
            }
            send("GET", "/v1/%3Cscript%3E?x=SECRET", "x-api-key", "made up");

            assertThat(count("cancel.gateway.auth.failures", "reason", "unauthorized"))
                    .isGreaterThanOrEqualTo(before + 50);
            List<ILoggingEvent> lines = log.events();
            assertThat(lines).hasSizeBetween(10, 30);
            assertThat(lines.getFirst().getFormattedMessage())
                    .startsWith("Refused GET /v1/cancellations/{batch_id} by caller unknown from 127.0.0.1:"
                            + " unauthorized;");
            assertThat(lines)
                    .noneMatch(line -> line.getFormattedMessage().contains("made up")
                            || line.getFormattedMessage().contains("script")
                            || line.getFormattedMessage().contains("SECRET"));
        }
    }
}
