package io.cancelgateway.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.platform.Ticker;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.http.HttpRequest;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalManagementPort;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;
import org.springframework.stereotype.Component;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** The started gateway over real sockets, against the simulator. Every meter is read as a difference. */
@SpringBootTest(
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = {
            "management.server.port=0",
            "gateway.upstream.base-url=${simulator.base-url}",
            "gateway.upstream.attempt-timeout=500ms",
            "gateway.upstream.deadline=2s",
            "gateway.retry.max-attempts=1",
            "gateway.retry.base-delay=10ms",
            "gateway.follow-up.initial-delay=1h", // nobody asks the simulator but the test
            "gateway.follow-up.max-delay=1h",
            "resilience4j.circuitbreaker.configs.upstream.minimum-number-of-calls=100000",
            "resilience4j.circuitbreaker.configs.tenant.minimum-number-of-calls=100000",
        })
@Import(EndToEnd.TestTime.class)
public abstract class EndToEnd {

    protected static final String ACME_KEY = "tlk_acme_1111";
    protected static final String GLOBEX_KEY = "tlk_globex_2222";

    /** Serves acme. */
    protected static final String TOKEN = "token-of-billing";

    /** Serves acme, globex and three tenants that nobody can serve. */
    protected static final String WIDE_TOKEN = "token-of-scheduler";

    /** Serves every tenant. */
    protected static final String STAR_TOKEN = "token-of-operations";

    /** May only read. */
    protected static final String READ_TOKEN = "token-of-dashboard";

    protected static final TwelveLabsSimulator SIMULATOR = TwelveLabsSimulator.start(Clock.systemUTC());
    protected static final TwelveLabsSimulator.Account ACME = SIMULATOR.account(ACME_KEY);
    protected static final TwelveLabsSimulator.Account GLOBEX = SIMULATOR.account(GLOBEX_KEY);

    @LocalServerPort
    protected int port;

    @LocalManagementPort
    protected int managementPort;

    @Autowired
    protected MeterRegistry meters;

    /** A test sets it that lets the upstream send what its API does not have, and that goes through to the caller. */
    protected boolean upstreamSendsNonsense;

    @DynamicPropertySource
    static void settings(DynamicPropertyRegistry registry) {
        registry.add("simulator.base-url", SIMULATOR::baseUrl);
        registry.add("gateway.tenants.acme.api-key", () -> ACME_KEY);
        registry.add("gateway.tenants.globex.api-key", () -> GLOBEX_KEY);
        registry.add("gateway.tenants.revoked.api-key", () -> "tlk_revoked_3333");
        registry.add("gateway.tenants.twin-a.api-key", () -> "tlk_twins_4444");
        registry.add("gateway.tenants.twin-b.api-key", () -> "tlk_twins_4444");
        caller(registry, "billing", TOKEN, "acme", "read,cancel");
        caller(registry, "scheduler", WIDE_TOKEN, "acme,globex,revoked,twin-a,unheard-of", "read,cancel");
        caller(registry, "operations", STAR_TOKEN, "*", "read,cancel");
        caller(registry, "dashboard", READ_TOKEN, "acme", "read");
    }

    private static void caller(
            DynamicPropertyRegistry registry, String name, String token, String tenants, String permissions) {
        registry.add("gateway.callers." + name + ".token-sha256", () -> Sha256.hex(token));
        registry.add("gateway.callers." + name + ".tenants", () -> tenants);
        registry.add("gateway.callers." + name + ".permissions", () -> permissions);
    }

    /** The gateway's monotonic time, which tests can push on. */
    @Component
    @Primary
    public static class TestTime implements Ticker {

        private final AtomicLong pushed = new AtomicLong();
        private final AtomicBoolean warm = new AtomicBoolean();

        @Override
        public long nanos() {
            return System.nanoTime() + pushed.get();
        }

        public void push(Duration duration) {
            pushed.addAndGet(duration.toNanos());
        }
    }

    @Autowired
    protected TestTime time;

    /** No fault, and no pause or budget of an earlier test. */
    @BeforeEach
    void startAfresh() {
        SIMULATOR.reset();
        if (time.warm.compareAndSet(false, true)) {
            warmUp();
            SIMULATOR.reset();
        }
        time.push(Duration.ofMinutes(10));
    }

    /** A JVM's first requests take longer than the short timeouts here. */
    protected void warmUp() {
        retrieve("000000000000000000000000");
        retrieve("000000000000000000000000");
    }

    @AfterEach
    void nothingWasAskedThatTheVendorDoesNotHave() {
        assertThat(SIMULATOR.violations()).isEmpty();
    }

    protected static String cancelPath(String batchId) {
        return "/v1.3/analyze/batches/" + batchId + "/cancel";
    }

    protected static String batchPath(String batchId) {
        return "/v1.3/analyze/batches/" + batchId;
    }

    /** @param headers name, value, name, value … */
    protected Reply cancel(String batchId, String... headers) {
        return send("POST", cancelPath(batchId), headers);
    }

    /** As billing, for acme. */
    protected Reply cancel(String batchId) {
        return cancel(batchId, "Authorization", "Bearer " + TOKEN);
    }

    protected Reply retrieve(String batchId) {
        return send("GET", batchPath(batchId), "Authorization", "Bearer " + TOKEN);
    }

    protected Reply list() {
        return send("GET", "/v1.3/analyze/batches", "Authorization", "Bearer " + TOKEN);
    }

    protected Reply send(String method, String path, String... headers) {
        return send(method, path, HttpRequest.BodyPublishers.noBody(), headers);
    }

    protected Reply send(String method, String path, HttpRequest.BodyPublisher body, String... headers) {
        return Http.send(method, url(port, path), body, headers).asDocumented(upstreamSendsNonsense);
    }

    protected Reply management(String path) {
        return Http.send("GET", url(managementPort, path));
    }

    private static String url(int port, String path) {
        return "http://127.0.0.1:" + port + path;
    }

    /** Waits for a counter that is raised after the answer has gone out. */
    protected void awaitCount(double expected, String meter, String... tags) {
        await().untilAsserted(() -> assertThat(count(meter, tags)).isEqualTo(expected));
    }

    protected double gauge(String meter, String... tags) {
        return meters.get(meter).tags(tags).gauge().value();
    }

    /** The value of a counter, or the sum of those that match, or 0. */
    protected double count(String meter, String... tags) {
        return meters.find(meter).tags(tags).counters().stream()
                .mapToDouble(Counter::count)
                .sum();
    }
}
