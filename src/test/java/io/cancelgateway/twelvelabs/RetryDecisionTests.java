package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RetryDecisionTests {

    private static final Attempt TIMED_OUT = new Attempt.TimedOut();

    private final AtomicLong now = new AtomicLong();
    private final AtomicInteger exhausted = new AtomicInteger();
    private final Deadline deadline = Deadline.after(Duration.ofSeconds(10), now::get);
    private final RetryBudget budget = new RetryBudget(0, 2, now::get, () -> {});
    private final RetryDecision decision = new RetryDecision(
            3,
            new Backoff(Duration.ofMillis(100), Duration.ofSeconds(2), highest()),
            Clock.fixed(Instant.parse("2026-07-01T12:00:00Z"), ZoneOffset.UTC),
            exhausted::incrementAndGet);

    private static RandomGenerator highest() {
        return new RandomGenerator() {
            @Override
            public long nextLong() {
                return 0;
            }

            @Override
            public long nextLong(long bound) {
                return bound - 1;
            }
        };
    }

    @ParameterizedTest
    @ValueSource(ints = {408, 429, 500, 502, 503, 504})
    void transientFailuresAreRetriedAfterABackoff(int status) {
        assertThat(decision.delayBeforeRetry(refused(status, null), 1, deadline, budget))
                .contains(Duration.ofMillis(100));
        assertThat(decision.delayBeforeRetry(refused(status, null), 2, deadline, budget))
                .contains(Duration.ofMillis(200));
    }

    @Test
    void soIsWhatGotNoAnswer() {
        RetryBudget large = new RetryBudget(0, 100, now::get, () -> {});
        for (Attempt attempt : new Attempt[] {
            TIMED_OUT,
            new Attempt.Reset(false),
            new Attempt.NotSent(Attempt.NotSent.Cause.CONNECTION_REFUSED),
            new Attempt.NotSent(Attempt.NotSent.Cause.POOL_EXHAUSTED)
        }) {
            assertThat(decision.delayBeforeRetry(attempt, 1, deadline, large)).contains(Duration.ofMillis(100));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {301, 400, 401, 403, 404, 409, 410, 418, 422, 501, 505, 520})
    void anotherStatusIsFinal(int status) {
        assertThat(decision.delayBeforeRetry(refused(status, "1"), 1, deadline, budget))
                .isEmpty();
    }

    @Test
    void soAreSuccessesReadableOrNot() {
        Batch batch = new Batch("canceling", null, null, BatchItems.UNKNOWN, new byte[0]);
        assertThat(decision.delayBeforeRetry(new Attempt.Success(batch), 1, deadline, budget))
                .isEmpty();
        assertThat(decision.delayBeforeRetry(new Attempt.Unreadable(200), 1, deadline, budget))
                .isEmpty();
    }

    @Test
    void thereAreSoManyAttemptsAndNoMore() {
        assertThat(decision.delayBeforeRetry(TIMED_OUT, 3, deadline, budget)).isEmpty();
        assertThat(decision.delayBeforeRetry(new Attempt.Reset(true), 3, deadline, budget))
                .isEmpty();
        assertThat(exhausted).hasValue(0);
    }

    @Test
    void aStaleConnectionIsAFailureLikeAnyOnceOneWasReplaced() {
        RetryBudget none = new RetryBudget(0, 0, now::get, () -> {});

        assertThat(decision.delayBeforeRetry(new Attempt.Reset(true), 1, deadline, budget))
                .contains(Duration.ofMillis(100));
        assertThat(decision.delayBeforeRetry(new Attempt.Reset(true), 1, deadline, none))
                .isEmpty();
        assertThat(exhausted).hasValue(1);
    }

    @Test
    void retryAfterWinsWhereItIsLongerAndIsSpreadALittle() {
        // the highest jitter here: a second
        assertThat(decision.delayBeforeRetry(refused(503, "3"), 1, deadline, budget))
                .contains(Duration.ofSeconds(4));
        assertThat(decision.delayBeforeRetry(refused(503, "0"), 1, deadline, budget))
                .contains(Duration.ofMillis(100));
    }

    @Test
    void whatDoesNotFitTheDeadlineIsNotWaitedForAndCostsNoBudget() {
        assertThat(decision.delayBeforeRetry(refused(503, "10"), 1, deadline, budget))
                .isEmpty();
        // a second is left, half of which may be jitter
        assertThat(decision.delayBeforeRetry(refused(503, "9"), 1, deadline, budget))
                .contains(Duration.ofMillis(9500));

        now.addAndGet(Duration.ofMillis(9900).toNanos());
        assertThat(decision.delayBeforeRetry(TIMED_OUT, 1, deadline, budget)).isEmpty();
        now.addAndGet(-1);
        assertThat(decision.delayBeforeRetry(TIMED_OUT, 1, deadline, budget)).contains(Duration.ofMillis(100));
        assertThat(exhausted).hasValue(0);
    }

    @Test
    void anExhaustedBudgetIsCounted() {
        decision.delayBeforeRetry(TIMED_OUT, 1, deadline, budget);
        decision.delayBeforeRetry(TIMED_OUT, 1, deadline, budget);
        assertThat(exhausted).hasValue(0);

        assertThat(decision.delayBeforeRetry(TIMED_OUT, 1, deadline, budget)).isEmpty();
        assertThat(exhausted).hasValue(1);
    }

    @Test
    void ambiguousIsWhatMayHaveTakenEffect() {
        for (int status : new int[] {302, 408, 500, 501, 502, 503, 504}) {
            assertThat(refused(status, null).ambiguous()).as("%d", status).isTrue();
        }
        for (int status : new int[] {400, 401, 404, 409, 429}) {
            assertThat(refused(status, null).ambiguous()).as("%d", status).isFalse();
        }
        assertThat(TIMED_OUT.ambiguous()).isTrue();
        assertThat(new Attempt.Reset(false).ambiguous()).isTrue();
        assertThat(new Attempt.Unreadable(202).ambiguous()).isTrue();
        assertThat(new Attempt.NotSent(Attempt.NotSent.Cause.ATTEMPT_TIMEOUT).ambiguous())
                .isFalse();
        assertThat(new Attempt.Success(new Batch("x", null, null, BatchItems.UNKNOWN, new byte[0])).ambiguous())
                .isFalse();
    }

    private static Attempt refused(int status, String retryAfter) {
        return new Attempt.ErrorStatus(status, null, retryAfter, null);
    }
}
