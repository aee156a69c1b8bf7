package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.Reply;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.TestPropertySource;

/** Breakers as they are by default, but for a shorter wait. */
@TestPropertySource(
        properties = {
            "gateway.retry.max-attempts=3",
            "resilience4j.circuitbreaker.configs.upstream.minimum-number-of-calls=5",
            "resilience4j.circuitbreaker.configs.tenant.minimum-number-of-calls=5",
            "resilience4j.circuitbreaker.configs.upstream.wait-duration-in-open-state=1500ms",
            "resilience4j.circuitbreaker.configs.tenant.wait-duration-in-open-state=1500ms",
        })
class BreakerIT extends EndToEnd {

    private static final String[] AS_GLOBEX = {"x-api-key", WIDE_TOKEN, "X-Tenant-Id", "globex"};

    @Autowired
    private CircuitBreakerRegistry breakers;

    @Autowired
    private Lanes lanes;

    @BeforeEach
    void forgetEarlierCalls() {
        breakers.circuitBreaker("upstream").reset();
        lanes.retain(Set.of());
    }

    /** By itself, and only by probes that go through. */
    @AfterEach
    void heals() {
        SIMULATOR.reset();
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            assertThat(cancel(ACME.createBatch().id()).status()).isEqualTo(202);
            assertThat(cancel(GLOBEX.createBatch().id(), AS_GLOBEX).status()).isEqualTo(202);
            assertThat(upstreamBreaker("closed")).isEqualTo(1);
            assertThat(tenantBreakers("closed")).isEqualTo(5);
        });
    }

    @Test
    void anUpstreamThatFailsOpensItsBreakerForAllBetweenTwoAttempts() {
        SIMULATOR.always(Operation.CANCEL, Fault.status(503, "busy"));
        String id = ACME.createBatch().id();
        double unavailable = count("cancel.gateway.cancellations", "tenant", "acme", "outcome", "unavailable");

        cancel(id).isProblem(502, "upstream_error");
        assertThat(SIMULATOR.requests()).hasSize(3);
        Reply between = cancel(id).isProblem(503, "upstream_unavailable");
        assertThat(SIMULATOR.requests()).hasSize(5);
        Reply first = cancel(id).isProblem(503, "upstream_unavailable");
        Reply other = cancel(GLOBEX.createBatch().id(), AS_GLOBEX).isProblem(503, "upstream_unavailable");
        list().isProblem(503, "upstream_unavailable");

        assertThat(SIMULATOR.requests()).hasSize(5);
        assertThat(between.header("Retry-After")).isEqualTo("2");
        assertThat(first.header("Retry-After")).isIn("1", "2");
        assertThat(other.header("Retry-After")).isIn("1", "2");
        assertThat(upstreamBreaker("open")).isEqualTo(1);
        assertThat(tenantBreakers("open")).isZero();
        assertThat(count("cancel.gateway.cancellations", "tenant", "acme", "outcome", "unavailable"))
                .isEqualTo(unavailable + 2);
        // come back when told, and it is asked again
        await().atMost(Duration.ofSeconds(2))
                .untilAsserted(() -> assertThat(upstreamBreaker("half_open")).isEqualTo(1));
    }

    @Test
    void anAccountThatFailsOpensItsTenantsBreakerOnly() {
        ACME.always(Fault.status(500, "oops"));
        String id = ACME.createBatch().id();

        cancel(id).isProblem(502, "upstream_error");
        cancel(id).isProblem(503, "upstream_unavailable");

        assertThat(SIMULATOR.requests()).hasSize(5);
        assertThat(tenantBreakers("open")).isEqualTo(1);
        assertThat(tenantBreakers("closed")).isEqualTo(4);
        assertThat(upstreamBreaker("closed")).isEqualTo(1);
        assertThat(cancel(GLOBEX.createBatch().id(), AS_GLOBEX).status()).isEqualTo(202);
    }

    @Test
    void anAccountThatHangsOpensItsTenantsBreakerOnly() {
        ACME.always(Fault.hangBefore());
        String id = ACME.createBatch().id();

        cancel(id).isProblem(504, "deadline_exceeded");
        cancel(id).isProblem(503, "upstream_unavailable");

        assertThat(upstreamBreaker("closed")).isEqualTo(1);
        assertThat(cancel(GLOBEX.createBatch().id(), AS_GLOBEX).status()).isEqualTo(202);
    }

    @Test
    void refusalsNeverOpenABreaker() {
        for (int i = 0; i < 20; i++) {
            SIMULATOR.next(Operation.CANCEL, Fault.status(i % 2 == 0 ? 404 : 409, "no"));
            assertThat(cancel(ACME.createBatch().id()).status()).isIn(404, 409);
        }

        assertThat(SIMULATOR.requests()).hasSize(20);
    }

    @Test
    void slowAnswersOpenNoBreaker() {
        for (String config : new String[] {"upstream", "tenant"}) {
            CircuitBreaker breaker =
                    CircuitBreaker.of(config, breakers.getConfiguration(config).orElseThrow());
            for (int i = 0; i < 10; i++) {
                breaker.onSuccess(61, TimeUnit.SECONDS);
            }
            assertThat(breaker.getState()).isEqualTo(CircuitBreaker.State.CLOSED);
        }
    }

    @Test
    void theScrapeShowsTheUpstreamsBreakerAndCountsTheTenants() {
        String scrape = management("/actuator/prometheus").text();

        assertThat(scrape)
                .contains(
                        "resilience4j_circuitbreaker_state{application=\"cancel-gateway\",name=\"upstream\",state=\"closed\"} 1")
                .doesNotContain("name=\"tenant")
                .contains("cancel_gateway_tenant_breakers{application=\"cancel-gateway\",state=\"closed\"} 5")
                .contains("cancel_gateway_tenant_breakers{application=\"cancel-gateway\",state=\"open\"} 0")
                .contains("cancel_gateway_tenant_breakers{application=\"cancel-gateway\",state=\"half_open\"} 0")
                .contains("cancel_gateway_tenants_paused{application=\"cancel-gateway\"} 0")
                .contains("cancel_gateway_retry_budget_exhausted_total{application=\"cancel-gateway\"} 0");
    }

    private double upstreamBreaker(String state) {
        return gauge("resilience4j.circuitbreaker.state", "name", "upstream", "state", state);
    }

    private double tenantBreakers(String state) {
        return gauge("cancel.gateway.tenant.breakers", "state", state);
    }
}
