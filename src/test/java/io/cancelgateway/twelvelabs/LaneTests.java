package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class LaneTests {

    private static final Duration TENANT_OPEN = Duration.ofSeconds(5);
    private static final Duration UPSTREAM_OPEN = Duration.ofSeconds(7);
    private static final Attempt NOT_FOUND = new Attempt.ErrorStatus(404, null, null, null);

    private static final Supplier<Attempt> MUST_NOT_BE_MADE = () -> {
        throw new AssertionError("an attempt was made");
    };

    private final AtomicLong now = new AtomicLong();
    private final Deadline deadline = Deadline.after(Duration.ofSeconds(15), now::get);
    private final CircuitBreaker tenantCircuit = circuit(TENANT_OPEN);
    private final CircuitBreaker upstreamCircuit = circuit(UPSTREAM_OPEN);
    private final Pause pause = new Pause(now::get);
    private final Lane lane = new Lane(
            new Bulkhead(1),
            pause,
            Breaker.ofTenant(tenantCircuit, now::get),
            Breaker.ofUpstream(upstreamCircuit, now::get),
            new RetryBudget(0, 0, now::get, () -> {}));

    @Test
    void anAttemptIsMadeWhereNothingIsInItsWay() throws Exception {
        for (Priority priority : Priority.values()) {
            assertThat(lane.attempt(priority, deadline, () -> NOT_FOUND)).isEqualTo(new Step.Made(NOT_FOUND));
        }
        assertThat(lane.refusal(deadline)).isEmpty();
    }

    @Test
    void theBulkheadComesFirstThenThePauseThenTheTenantsBreakerThenTheUpstreams() throws Exception {
        pause.extend(Duration.ofSeconds(10));
        tenantCircuit.transitionToOpenState();
        upstreamCircuit.transitionToOpenState();
        lane.bulkhead().tryAcquire(Priority.CALLER, deadline);
        assertThat(step()).isEqualTo(new Step.BulkheadFull());

        lane.bulkhead().release(Priority.CALLER);
        assertThat(step()).isEqualTo(new Step.Paused(Duration.ofSeconds(10), Duration.ofSeconds(10)));

        now.addAndGet(Duration.ofSeconds(10).toNanos());
        tenantCircuit.transitionToClosedState();
        upstreamCircuit.transitionToClosedState();
        tenantCircuit.transitionToOpenState();
        upstreamCircuit.transitionToOpenState();
        assertThat(step()).isEqualTo(new Step.BreakerOpen(TENANT_OPEN, RefusalReason.TENANT_BREAKER));

        tenantCircuit.transitionToClosedState();
        assertThat(step()).isEqualTo(new Step.BreakerOpen(UPSTREAM_OPEN, RefusalReason.UPSTREAM_BREAKER));
    }

    private Step step() throws InterruptedException {
        return lane.attempt(Priority.BACKGROUND, deadline, MUST_NOT_BE_MADE);
    }

    @Test
    void aLongPauseTellsWhatTheUpstreamSaidAndWaitsForLess() throws Exception {
        pause.extend(Duration.ofHours(1));

        assertThat(step()).isEqualTo(new Step.Paused(Duration.ofMinutes(5), Duration.ofHours(1)));
    }

    @Test
    void thePermitIsHeldForTheAttemptAndGivenBackHoweverItEnds() throws Exception {
        assertThat(lane.attempt(Priority.CALLER, deadline, () -> {
                    assertThat(permitIsFree()).isFalse();
                    return NOT_FOUND;
                }))
                .isEqualTo(new Step.Made(NOT_FOUND));
        assertThat(permitIsFree()).isTrue();

        assertThatThrownBy(() -> lane.attempt(Priority.CALLER, deadline, () -> {
                    throw new IllegalStateException("bug");
                }))
                .hasMessage("bug");
        assertThat(permitIsFree()).isTrue();

        upstreamCircuit.transitionToOpenState();
        step();
        assertThat(permitIsFree()).isTrue();

        tenantCircuit.transitionToOpenState();
        step();
        assertThat(permitIsFree()).isTrue();

        pause.extend(Duration.ofSeconds(20));
        step();
        assertThat(permitIsFree()).isTrue();
    }

    private boolean permitIsFree() {
        try {
            boolean free = lane.bulkhead().tryAcquire(Priority.BACKGROUND, deadline);
            if (free) {
                lane.bulkhead().release(Priority.BACKGROUND);
            }
            return free;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aBulkCallGivesBackItsShareToo() throws Exception {
        for (int i = 0; i < 3; i++) {
            assertThat(lane.attempt(Priority.BULK, deadline, () -> NOT_FOUND)).isEqualTo(new Step.Made(NOT_FOUND));
        }
    }

    @Test
    void aPermitThatComesWithTheDeadlineComesTooLate() throws Exception {
        Deadline reached = Deadline.after(Duration.ZERO, now::get);

        assertThat(lane.attempt(Priority.CALLER, reached, MUST_NOT_BE_MADE)).isEqualTo(new Step.BulkheadFull());
        assertThat(permitIsFree()).isTrue();
    }

    @Test
    void aCallWaitsForItsPermitAndThenNoticesAPauseThatBeganMeanwhile() throws Exception {
        Deadline later = Deadline.after(Duration.ofMinutes(1), System::nanoTime);
        CountDownLatch paused = new CountDownLatch(1);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<Step> first = threads.submit(() -> lane.attempt(Priority.CALLER, later, () -> {
                awaitLatch(paused);
                return NOT_FOUND;
            }));
            await().until(() -> !permitIsFree());
            Future<Step> second = threads.submit(() -> lane.attempt(Priority.CALLER, later, MUST_NOT_BE_MADE));
            await().until(lane.bulkhead()::queueFull);

            pause.extend(Duration.ofSeconds(20));
            paused.countDown();

            assertThat(first.get()).isEqualTo(new Step.Made(NOT_FOUND));
            assertThat(second.get()).isInstanceOf(Step.Paused.class);
        }
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void eachBreakerCountsItsOwn() throws Exception {
        for (int i = 0; i < 5; i++) {
            lane.attempt(Priority.CALLER, deadline, Attempt.TimedOut::new);
        }
        assertThat(lane.tenantBreaker().state()).isEqualTo(State.OPEN);
        assertThat(upstreamCircuit.getState()).isEqualTo(State.CLOSED);

        tenantCircuit.reset();
        for (int i = 0; i < 5; i++) {
            lane.attempt(Priority.CALLER, deadline, () -> new Attempt.ErrorStatus(503, null, null, null));
        }
        assertThat(lane.tenantBreaker().state()).isEqualTo(State.CLOSED);
        assertThat(upstreamCircuit.getState()).isEqualTo(State.OPEN);
    }

    @Test
    void whatTheTenantsBreakerRefusesTakesNoProbeOfTheUpstreams() throws Exception {
        tenantCircuit.transitionToOpenState();
        upstreamCircuit.transitionToOpenState();
        upstreamCircuit.transitionToHalfOpenState();
        for (int i = 0; i < 10; i++) {
            step();
        }

        tenantCircuit.transitionToClosedState();
        lane.attempt(Priority.CALLER, deadline, () -> NOT_FOUND);
        lane.attempt(Priority.CALLER, deadline, () -> NOT_FOUND);

        assertThat(upstreamCircuit.getState()).isEqualTo(State.CLOSED);
    }

    @Test
    void theDoorNamesThePauseFirstThenTheBreakersAndTheBulkheadLast() throws Exception {
        Deadline later = Deadline.after(Duration.ofMinutes(1), System::nanoTime);
        pause.extend(Duration.ofSeconds(20));
        tenantCircuit.transitionToOpenState();
        upstreamCircuit.transitionToOpenState();
        lane.bulkhead().tryAcquire(Priority.CALLER, later);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<Step> waiting = threads.submit(() -> lane.attempt(Priority.CALLER, later, MUST_NOT_BE_MADE));
            await().until(lane.bulkhead()::queueFull);

            assertThat(lane.refusal(deadline))
                    .contains(new DoorRefusal(
                            RefusalReason.PAUSED,
                            new Answer.RateLimited(Duration.ofSeconds(20), RefusalReason.PAUSED)));
            Deadline longer = Deadline.after(Duration.ofSeconds(21), now::get);
            assertThat(lane.refusal(longer))
                    .contains(new DoorRefusal(
                            RefusalReason.TENANT_BREAKER,
                            new Answer.Unavailable(TENANT_OPEN, RefusalReason.TENANT_BREAKER)));
            tenantCircuit.transitionToClosedState();
            assertThat(lane.refusal(longer))
                    .contains(new DoorRefusal(
                            RefusalReason.UPSTREAM_BREAKER,
                            new Answer.Unavailable(UPSTREAM_OPEN, RefusalReason.UPSTREAM_BREAKER)));
            upstreamCircuit.transitionToClosedState();
            assertThat(lane.refusal(longer))
                    .contains(new DoorRefusal(
                            RefusalReason.BULKHEAD,
                            new Answer.RateLimited(Duration.ofSeconds(1), RefusalReason.BULKHEAD)));

            lane.bulkhead().release(Priority.CALLER);
            assertThat(waiting.get()).isInstanceOf(Step.Paused.class);
            assertThat(lane.refusal(longer)).isEmpty();
        }
    }

    @Test
    void theDoorOnlyReads() throws Exception {
        tenantCircuit.transitionToOpenState();
        tenantCircuit.transitionToHalfOpenState();
        upstreamCircuit.transitionToOpenState();
        upstreamCircuit.transitionToHalfOpenState();

        for (int i = 0; i < 10; i++) {
            assertThat(lane.refusal(deadline)).isEmpty();
        }

        assertThat(permitIsFree()).isTrue();
        lane.attempt(Priority.CALLER, deadline, () -> NOT_FOUND);
        lane.attempt(Priority.CALLER, deadline, () -> NOT_FOUND);
        assertThat(tenantCircuit.getState()).isEqualTo(State.CLOSED);
        assertThat(upstreamCircuit.getState()).isEqualTo(State.CLOSED);
    }

    private static CircuitBreaker circuit(Duration openFor) {
        return CircuitBreaker.of(
                "test",
                CircuitBreakerConfig.custom()
                        .slidingWindow(30, 5, CircuitBreakerConfig.SlidingWindowType.TIME_BASED)
                        .failureRateThreshold(50)
                        .waitDurationInOpenState(openFor)
                        .permittedNumberOfCallsInHalfOpenState(2)
                        .build());
    }
}
