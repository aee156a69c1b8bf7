package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.tenant.TenantId;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LanesTests {

    @Test
    void aRemovedTenantLeavesNothingBehind() {
        Lanes lanes = new Lanes(id -> new Lane(
                new Bulkhead(1), new Pause(() -> 0), breaker(), breaker(), new RetryBudget(0, 0, () -> 0, () -> {})));
        TenantId acme = new TenantId("acme");
        TenantId globex = new TenantId("globex");
        Lane first = lanes.of(acme);
        first.pause().extend(Duration.ofMinutes(1));
        lanes.of(globex);
        assertThat(lanes.paused()).isEqualTo(1);
        assertThat(lanes.breakersIn(State.CLOSED)).isEqualTo(2);
        assertThat(lanes.of(acme)).isSameAs(first);

        lanes.retain(Set.of(globex));

        assertThat(lanes.paused()).isZero();
        assertThat(lanes.breakersIn(State.CLOSED)).isEqualTo(1);
        assertThat(lanes.of(acme)).isNotSameAs(first);
    }

    private static Breaker breaker() {
        return Breaker.ofTenant(CircuitBreaker.of("x", CircuitBreakerConfig.ofDefaults()), () -> 0);
    }
}
