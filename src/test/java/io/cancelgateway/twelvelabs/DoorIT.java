package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.support.CountedStatements;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.Reply;
import io.cancelgateway.tenant.TenantId;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Import;
import org.springframework.test.context.TestPropertySource;

/** Cancels of which it is plain that nothing can be sent now: refused before the ledger is touched. */
@ExtendWith(OutputCaptureExtension.class)
@Import(CountedStatements.class)
@TestPropertySource(
        properties = {
            "gateway.bulkhead.max-concurrent-calls=4",
            "gateway.retry.max-attempts=3",
            "resilience4j.circuitbreaker.configs.upstream.minimum-number-of-calls=5",
            "resilience4j.circuitbreaker.configs.tenant.minimum-number-of-calls=5",
            "resilience4j.circuitbreaker.configs.upstream.wait-duration-in-open-state=1h",
            "resilience4j.circuitbreaker.configs.tenant.wait-duration-in-open-state=1h",
        })
class DoorIT extends EndToEnd {

    private static final String[] AS_GLOBEX = {"x-api-key", WIDE_TOKEN, "X-Tenant-Id", "globex"};
    private static final int CALLERS = 60;
    private static final int CALLS_EACH = 20;

    @Autowired
    private CircuitBreakerRegistry breakers;

    @Autowired
    private Lanes lanes;

    @Autowired
    private CountedStatements statements;

    @BeforeEach
    void forgetEarlierCalls() {
        breakers.circuitBreaker("upstream").reset();
        lanes.retain(Set.of());
    }

    @Test
    void aPauseThatDoesNotFitTheDeadline() {
        SIMULATOR.next(Operation.CANCEL, Fault.rateLimited("3600"));
        cancel(ACME.createBatch().id()).isProblem(429, "too_many_requests");

        Reply refused = refusedAtTheDoor(429, "too_many_requests", "rate_limited");

        assertThat(Integer.parseInt(refused.header("Retry-After"))).isBetween(3500, 3600);
    }

    @Test
    void aTenantsOpenBreaker() {
        ACME.always(Fault.status(500, "oops"));
        cancel(ACME.createBatch().id());
        cancel(ACME.createBatch().id());

        refusedAtTheDoor(503, "upstream_unavailable", "unavailable");
    }

    @Test
    void theUpstreamsOpenBreaker() {
        SIMULATOR.always(Operation.CANCEL, Fault.status(503, "busy"));
        cancel(ACME.createBatch().id());
        cancel(ACME.createBatch().id());

        refusedAtTheDoor(503, "upstream_unavailable", "unavailable");
    }

    @Test
    void aHalfOpenBreakerWithEveryProbeUnderWay() throws Exception {
        breakers.circuitBreaker("upstream").transitionToOpenState();
        breakers.circuitBreaker("upstream").transitionToHalfOpenState();
        ACME.always(Fault.slow(Duration.ofMillis(400)));
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Reply>> probes = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                String id = ACME.createBatch().id();
                probes.add(threads.submit(() -> cancel(id)));
            }
            await().pollInterval(Duration.ofMillis(5))
                    .until(() -> SIMULATOR.requests().size() == 2);
            String refused = ACME.createBatch().id();

            cancel(refused).isProblem(503, "upstream_unavailable");

            assertThat(record(refused).status()).isEqualTo(404);
            for (Future<Reply> probe : probes) {
                assertThat(probe.get().status()).isNotEqualTo(503);
            }
        }
    }

    @Test
    void aFullBulkheadWithAsManyWaiting() throws Exception {
        ACME.always(Fault.slow(Duration.ofMillis(400)));
        Lane lane = lanes.of(new TenantId("acme"));
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Reply>> others = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                String id = ACME.createBatch().id();
                others.add(threads.submit(() -> cancel(id)));
            }
            await().pollInterval(Duration.ofMillis(5)).until(lane.bulkhead()::queueFull);

            String id = ACME.createBatch().id();
            Reply refused = cancel(id).isProblem(429, "too_many_requests");

            assertThat(refused.header("Retry-After")).isEqualTo("1");
            assertThat(record(id).status()).isEqualTo(404);
            for (Future<Reply> other : others) {
                assertThat(other.get().status()).isNotEqualTo(500);
            }
        }
    }

    /** Refuses ten, without a statement, a record or an attempt; the last refusal. */
    private Reply refusedAtTheDoor(int status, String code, String outcome) {
        int attempts = SIMULATOR.requests().size();
        double counted = count("cancel.gateway.cancellations", "tenant", "acme", "outcome", outcome);
        long before = statements.count();
        Reply refused = null;
        String id = ACME.createBatch().id();
        for (int i = 0; i < 10; i++) {
            refused = cancel(id).isProblem(status, code);
        }
        assertThat(statements.count() - before).isZero();
        assertThat(SIMULATOR.requests()).hasSize(attempts);
        assertThat(count("cancel.gateway.cancellations", "tenant", "acme", "outcome", outcome))
                .isEqualTo(counted + 10);
        assertThat(record(id).status()).isEqualTo(404);
        return refused;
    }

    @Test
    void manyCallersOfAnAccountThatHangsDoNotHinderAnotherTenant(CapturedOutput log) throws Exception {
        ACME.always(Fault.hangBefore());
        String hanging = ACME.createBatch().id();
        List<Future<Integer>> refusals = new ArrayList<>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < CALLERS; i++) {
                refusals.add(threads.submit(() -> {
                    int refused = 0;
                    for (int call = 0; call < CALLS_EACH; call++) {
                        // the bulkhead's until the tenant's breaker opens
                        refused += Set.of(429, 503).contains(cancel(hanging).status()) ? 1 : 0;
                    }
                    return refused;
                }));
            }
            do {
                assertThat(cancel(GLOBEX.createBatch().id(), AS_GLOBEX).status())
                        .isEqualTo(202);
            } while (!refusals.stream().allMatch(Future::isDone));
        }

        int calls = CALLERS * CALLS_EACH;
        int refused = 0;
        for (Future<Integer> caller : refusals) {
            refused += caller.get();
        }
        assertThat(refused).isGreaterThan(calls * 8 / 10);
        assertThat(gauge("cancel.gateway.tenant.breakers", "state", "open")).isEqualTo(1);
        // only what got past the door is written down
        assertThat(record(hanging).json().path("requests").size()).isBetween(1, calls / 5);
        long lines = log.getAll()
                .lines()
                .filter(line -> line.contains("refused at once"))
                .count();
        assertThat(lines).isPositive().isLessThan(refused / 2);
    }

    private Reply record(String id) {
        return send("GET", "/v1/cancellations/" + id, "Authorization", "Bearer " + TOKEN);
    }
}
