package io.cancelgateway.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.Databases;
import io.cancelgateway.support.Http;
import io.cancelgateway.support.TestGateway;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a scrape shows: before the first event, and of what is in the way of calls. */
class MetersIT {

    private static final Pattern TAG = Pattern.compile("([a-z_]+)=\"");

    @TempDir
    private Path directory;

    private final TwelveLabsSimulator upstream = TwelveLabsSimulator.start(Clock.systemUTC());
    private final String batch = upstream.account(TestGateway.KEY)
            .createBatch(3, 1, Duration.ofHours(1))
            .id();

    @AfterEach
    void stop() {
        upstream.close();
    }

    /** Or increase() would lose the first event. */
    @Test
    void everySeriesThatCanBeKnownIsThereAtStartWithZero() {
        try (TestGateway gateway = gateway().start()) {
            for (String series : List.of(
                    "cancellations_total outcome=accepted tenant=acme",
                    "cancellations_total outcome=internal_error tenant=none",
                    "cancellations_total outcome=rate_limited tenant=other",
                    "accepted_canceled_items_sum tenant=acme",
                    "endings_total state=canceled tenant=acme",
                    "endings_total state=undeliverable tenant=other",
                    "rejections_total reason=ledger tenant=acme",
                    "rejections_total reason=upstream_429 tenant=acme",
                    "upstream_attempts_total operation=cancel result=connect_failed",
                    "upstream_attempts_total operation=list result=5xx",
                    "follow_up_polls_total result=running",
                    "auth_failures_total reason=unauthorized",
                    "tenant_keys_reloads_total result=failed",
                    "confirmation_seconds_count",
                    "unrecorded_total",
                    "retry_budget_exhausted_total",
                    "pending state=requested",
                    "oldest_pending_seconds state=canceling",
                    "follow_up_overdue",
                    "follow_up_lag_seconds",
                    "bulkhead_permits state=waiting")) {
                assertIsZero(gateway, series.split(" "));
            }
            assertThat(gateway.metric("cancel_gateway_ledger_up", "")).isOne();
            assertThat(gateway.metric("cancel_gateway_build_info", "version=")).isOne();
            assertThat(gateway.metric("disk_free_bytes", "path=\"" + directory + "\""))
                    .isPositive();
        }
    }

    private static void assertIsZero(TestGateway gateway, String... parts) {
        String tags = Arrays.stream(parts)
                .skip(1)
                .map(tag -> tag.replace("=", "=\"") + "\"")
                .collect(Collectors.joining(","));
        String name = "cancel_gateway_" + parts[0] + "{application=\"cancel-gateway\"";
        // the count of a timer is a whole number
        String zero = parts[0].endsWith("_count") ? "0" : "0.0";
        assertThat(gateway.samples()).contains(name + (tags.isEmpty() ? "" : "," + tags) + "} " + zero);
    }

    @Test
    void everyMeterHasADescriptionAndOnlyKnownTags() {
        try (TestGateway gateway = gateway().start()) {
            assertThat(gateway.cancel(batch).status()).isEqualTo(202);
            assertThat(gateway.get("/v1.3/analyze/batches").status()).isEqualTo(200);

            assertThat(gateway.samples().filter(line -> line.matches("# HELP \\S+\\s*")))
                    .isEmpty();
            assertThat(gateway.samples()
                            .filter(line -> line.startsWith("cancel_gateway_"))
                            .flatMap(line -> TAG.matcher(line).results().map(found -> found.group(1)))
                            .collect(Collectors.toSet()))
                    .isSubsetOf(Set.of(
                            "application",
                            "tenant",
                            "outcome",
                            "state",
                            "reason",
                            "kind",
                            "operation",
                            "result",
                            "model",
                            "analysis_mode",
                            "version",
                            "commit",
                            "le"));
            // a random id would make new series at each start
            assertThat(gateway.samples().filter(line -> line.startsWith("reactor_netty_connection_provider_")))
                    .isNotEmpty()
                    .noneMatch(line -> line.contains("id=\""));
        }
    }

    @Test
    void bucketsHaveTheTraceOfARequest() {
        try (TestGateway gateway =
                gateway().with("management.tracing.sampling.probability", 1).start()) {
            assertThat(gateway.cancel(batch).status()).isEqualTo(202);

            for (String meter : List.of("http_server_requests_seconds_bucket", "http_client_requests_seconds_bucket")) {
                Pattern exemplar = Pattern.compile(meter + "\\{.*\\} \\d+ # \\{.*trace_id=\"[0-9a-f]{32}\"");
                await().untilAsserted(() -> assertThat(openMetrics(gateway)).containsPattern(exemplar));
            }
        }
    }

    private static String openMetrics(TestGateway gateway) {
        return Http.send(
                        "GET",
                        "http://127.0.0.1:" + gateway.managementPort() + "/actuator/prometheus",
                        "Accept",
                        "application/openmetrics-text; version=1.0.0")
                .text();
    }

    @Test
    void whatRefusesCallsIsCountedByItsReason() {
        try (TestGateway gateway =
                gateway().with("gateway.retry.max-attempts", 1).start()) {
            upstream.next(Operation.CANCEL, Fault.rateLimited("60"));
            gateway.cancel(batch).isProblem(429, "too_many_requests");
            gateway.cancel(batch).isProblem(429, "too_many_requests");

            await().untilAsserted(() -> {
                assertThat(rejections(gateway, "upstream_429")).isOne();
                assertThat(rejections(gateway, "paused")).isOne();
            });
            await().untilAsserted(() -> assertThat(
                            gateway.metric("cancel_gateway_tenant_trouble", "kind=\"paused\",tenant=\"acme\""))
                    .isOne());
        }
    }

    @Test
    void anOpenBreakerIsCountedAndItsTenantShown() {
        try (TestGateway gateway =
                gateway().with("gateway.retry.max-attempts", 1).start()) {
            upstream.always(Operation.CANCEL, Fault.status(500, "down"));
            for (int i = 0; i < 5; i++) {
                gateway.cancel(batch).isProblem(502, "upstream_error");
            }
            gateway.cancel(batch).isProblem(503, "upstream_unavailable");

            await().untilAsserted(() ->
                    assertThat(rejections(gateway, "tenant_breaker")).isOne());
            await().untilAsserted(() -> assertThat(
                            gateway.metric("cancel_gateway_tenant_trouble", "kind=\"breaker_open\",tenant=\"acme\""))
                    .isOne());
            // the breaker is half-open after 5 s
            await().atMost(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertThat(gateway.samples())
                            .noneMatch(line -> line.startsWith("cancel_gateway_tenant_trouble{")));
        }
    }

    private static double rejections(TestGateway gateway, String reason) {
        return gateway.metric("cancel_gateway_rejections_total", "reason=\"" + reason + "\",tenant=\"acme\"");
    }

    private TestGateway.Builder gateway() {
        return TestGateway.builder().upstream(upstream).database(Databases.h2(directory));
    }
}
