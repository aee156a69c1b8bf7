package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class BreakerTests {

    private static final Attempt SUCCESS =
            new Attempt.Success(new Batch("x", null, null, BatchItems.UNKNOWN, new byte[0]));
    private static final Attempt TIMED_OUT = new Attempt.TimedOut();
    private static final Attempt REFUSED_CONNECTION = new Attempt.NotSent(Attempt.NotSent.Cause.CONNECTION_REFUSED);

    private final AtomicLong now = new AtomicLong();

    @Test
    void whatOneCountsTheOtherIgnores() {
        assertVerdicts(status(500), Breaker.Verdict.FAILURE, Breaker.Verdict.IGNORED);
        assertVerdicts(TIMED_OUT, Breaker.Verdict.FAILURE, Breaker.Verdict.IGNORED);
        assertVerdicts(new Attempt.Reset(false), Breaker.Verdict.FAILURE, Breaker.Verdict.IGNORED);
        assertVerdicts(new Attempt.Reset(true), Breaker.Verdict.IGNORED, Breaker.Verdict.IGNORED);
        assertVerdicts(
                new Attempt.NotSent(Attempt.NotSent.Cause.CONNECT_TIMEOUT),
                Breaker.Verdict.IGNORED,
                Breaker.Verdict.FAILURE);
        assertVerdicts(
                new Attempt.NotSent(Attempt.NotSent.Cause.ATTEMPT_TIMEOUT),
                Breaker.Verdict.IGNORED,
                Breaker.Verdict.IGNORED);
        assertVerdicts(
                new Attempt.NotSent(Attempt.NotSent.Cause.CLOSED_BEFORE_USE),
                Breaker.Verdict.IGNORED,
                Breaker.Verdict.IGNORED);
        assertVerdicts(REFUSED_CONNECTION, Breaker.Verdict.IGNORED, Breaker.Verdict.FAILURE);
        assertVerdicts(status(502), Breaker.Verdict.IGNORED, Breaker.Verdict.FAILURE);
        assertVerdicts(status(503), Breaker.Verdict.IGNORED, Breaker.Verdict.FAILURE);
        assertVerdicts(status(504), Breaker.Verdict.IGNORED, Breaker.Verdict.FAILURE);
    }

    @Test
    void anAnswerIsASuccessAndTheRestSaysNothing() {
        for (Attempt answer :
                new Attempt[] {SUCCESS, status(400), status(401), status(404), status(408), status(409), status(429)}) {
            assertVerdicts(answer, Breaker.Verdict.SUCCESS, Breaker.Verdict.SUCCESS);
        }
        for (Attempt nothing : new Attempt[] {
            new Attempt.Unreadable(200),
            new Attempt.NotSent(Attempt.NotSent.Cause.POOL_EXHAUSTED),
            status(302),
            status(501),
            status(505)
        }) {
            assertVerdicts(nothing, Breaker.Verdict.IGNORED, Breaker.Verdict.IGNORED);
        }
    }

    private static void assertVerdicts(Attempt attempt, Breaker.Verdict tenant, Breaker.Verdict upstream) {
        assertThat(Breaker.tenantVerdict(attempt)).as("tenant, %s", attempt).isEqualTo(tenant);
        assertThat(Breaker.upstreamVerdict(attempt)).as("upstream, %s", attempt).isEqualTo(upstream);
    }

    @Test
    void opensAtHalfOfFiveAndSaysWhenItLetsCallsThrough() {
        Breaker breaker = breaker(Breaker::tenantVerdict);
        call(breaker, SUCCESS);
        call(breaker, SUCCESS);
        call(breaker, TIMED_OUT);
        call(breaker, TIMED_OUT);
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
        call(breaker, TIMED_OUT);
        assertThat(breaker.state()).isEqualTo(State.OPEN);

        assertThat(breaker.openFor()).contains(Duration.ofSeconds(5));
        assertThat(call(breaker, SUCCESS))
                .isEqualTo(new Step.BreakerOpen(Duration.ofSeconds(5), RefusalReason.UPSTREAM_BREAKER));
        now.addAndGet(Duration.ofMillis(3500).toNanos());
        assertThat(call(breaker, SUCCESS))
                .isEqualTo(new Step.BreakerOpen(Duration.ofMillis(1500), RefusalReason.UPSTREAM_BREAKER));
        now.addAndGet(Duration.ofMillis(1600).toNanos());
        assertThat(breaker.openFor()).isEmpty();
        assertThat(call(breaker, SUCCESS))
                .isEqualTo(new Step.BreakerOpen(Duration.ofSeconds(1), RefusalReason.UPSTREAM_BREAKER));
    }

    @Test
    void whatIsIgnoredNeitherCountsNorKeepsItsPermission() {
        Breaker breaker = breaker(Breaker::upstreamVerdict);
        for (int i = 0; i < 20; i++) {
            call(breaker, TIMED_OUT);
        }
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
        for (int i = 0; i < 5; i++) {
            call(breaker, REFUSED_CONNECTION);
        }
        assertThat(breaker.state()).isEqualTo(State.OPEN);
    }

    @Test
    void halfOpenLetsTwoProbesThroughAndIgnoredOnesGiveTheirPlaceBack() {
        CircuitBreaker circuit = circuit();
        Breaker breaker = Breaker.ofUpstream(circuit, now::get);
        circuit.transitionToOpenState();
        circuit.transitionToHalfOpenState();
        assertThat(breaker.openFor()).isEmpty();

        for (int i = 0; i < 10; i++) {
            assertThat(call(breaker, TIMED_OUT)).isInstanceOf(Step.Made.class);
        }
        assertThat(breaker.state()).isEqualTo(State.HALF_OPEN);
        call(breaker, SUCCESS);
        call(breaker, status(404));
        assertThat(breaker.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void halfOpenWithEveryProbeUnderWayOrMadeLetsNothingThrough() {
        CircuitBreaker circuit = circuit();
        Breaker breaker = Breaker.ofUpstream(circuit, now::get);
        circuit.transitionToOpenState();
        circuit.transitionToHalfOpenState();

        breaker.execute(() -> {
            assertThat(breaker.openFor()).isEmpty();
            breaker.execute(() -> {
                assertThat(breaker.openFor()).contains(Duration.ofSeconds(1));
                return new Step.Made(TIMED_OUT); // ignored: its place is free again
            });
            assertThat(breaker.openFor()).isEmpty();
            breaker.execute(() -> new Step.Made(SUCCESS)); // counted: its place is not
            assertThat(breaker.openFor()).contains(Duration.ofSeconds(1));
            return new Step.Made(SUCCESS);
        });

        assertThat(breaker.state()).isEqualTo(State.CLOSED);
        assertThat(breaker.openFor()).isEmpty();
    }

    @Test
    void aBreakerIgnoresThatAnotherRefused() {
        CircuitBreaker circuit = circuit();
        Breaker tenant = Breaker.ofTenant(circuit, now::get);
        circuit.transitionToOpenState();
        circuit.transitionToHalfOpenState();
        Step refused = new Step.BreakerOpen(Duration.ofSeconds(1), RefusalReason.TENANT_BREAKER);

        for (int i = 0; i < 10; i++) {
            assertThat(tenant.execute(() -> refused)).isSameAs(refused);
        }
        assertThat(call(tenant, SUCCESS)).isInstanceOf(Step.Made.class);
    }

    @Test
    void aBugGivesThePermissionBack() {
        CircuitBreaker circuit = circuit();
        Breaker breaker = Breaker.ofTenant(circuit, now::get);
        circuit.transitionToOpenState();
        circuit.transitionToHalfOpenState();

        for (int i = 0; i < 10; i++) {
            assertThatThrownBy(() -> breaker.execute(() -> {
                        throw new IllegalStateException("bug");
                    }))
                    .hasMessage("bug");
        }
        assertThat(call(breaker, SUCCESS)).isInstanceOf(Step.Made.class);
    }

    private static Step call(Breaker breaker, Attempt attempt) {
        return breaker.execute(() -> new Step.Made(attempt));
    }

    private Breaker breaker(Function<Attempt, Breaker.Verdict> classifier) {
        return new Breaker(circuit(), classifier, RefusalReason.UPSTREAM_BREAKER, now::get);
    }

    private static CircuitBreaker circuit() {
        return CircuitBreaker.of(
                "test",
                CircuitBreakerConfig.custom()
                        .slidingWindow(30, 5, CircuitBreakerConfig.SlidingWindowType.TIME_BASED)
                        .failureRateThreshold(50)
                        .waitDurationInOpenState(Duration.ofSeconds(5))
                        .permittedNumberOfCallsInHalfOpenState(2)
                        .build());
    }

    private static Attempt status(int status) {
        return new Attempt.ErrorStatus(status, null, null, null);
    }
}
