package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RetryBudgetTests {

    private static final long SECOND = 1_000_000_000L;

    private final AtomicLong now = new AtomicLong(-7 * SECOND);

    @Test
    void aQuietTenantHasTheFloor() {
        RetryBudget budget = new RetryBudget(0.2, 3, now::get, () -> {});

        assertThat(retries(budget, 10)).isEqualTo(3);
    }

    @Test
    void aBusyTenantHasAShareOfItsRequests() {
        RetryBudget budget = new RetryBudget(0.2, 3, now::get, () -> {});
        requests(budget, 100);

        assertThat(retries(budget, 100)).isEqualTo(20);
    }

    @Test
    void aShareIsNotRoundedUp() {
        RetryBudget budget = new RetryBudget(0.2, 0, now::get, () -> {});
        requests(budget, 54);

        assertThat(retries(budget, 100)).isEqualTo(10);
    }

    @Test
    void aZeroBudgetHasNone() {
        RetryBudget budget = new RetryBudget(0, 0, now::get, () -> {});
        requests(budget, 100);

        assertThat(budget.tryRetry()).isFalse();
    }

    @Test
    void anExhaustedBudgetIsToldOnceUntilNoRetryWasRefusedForAWindow() {
        AtomicInteger told = new AtomicInteger();
        RetryBudget budget = new RetryBudget(0, 1, now::get, told::incrementAndGet);
        assertThat(budget.tryRetry()).isTrue();
        assertThat(told).hasValue(0);

        assertThat(retries(budget, 10)).isZero();
        now.addAndGet(9 * SECOND);
        assertThat(retries(budget, 10)).isZero();
        now.addAndGet(9 * SECOND);
        assertThat(retries(budget, 10)).as("one at a time goes on").isEqualTo(1);
        assertThat(told).hasValue(1);

        now.addAndGet(11 * SECOND);
        assertThat(retries(budget, 10)).isEqualTo(1);
        assertThat(told).hasValue(2);
    }

    @Test
    void whatIsOlderThanTheWindowDoesNotCount() {
        RetryBudget budget = new RetryBudget(0.2, 0, now::get, () -> {});
        requests(budget, 10);
        assertThat(retries(budget, 10)).isEqualTo(2);

        now.addAndGet(5 * SECOND);
        requests(budget, 10);
        assertThat(retries(budget, 10)).isEqualTo(2);

        // the first ten requests and their two retries are gone, the others are not
        now.addAndGet(5 * SECOND);
        assertThat(budget.tryRetry()).isFalse();
        requests(budget, 5);
        assertThat(retries(budget, 10)).isEqualTo(1);

        now.addAndGet(3600 * SECOND);
        assertThat(budget.tryRetry()).isFalse();
    }

    @Test
    void refusedRetriesCostNothing() {
        RetryBudget budget = new RetryBudget(0.5, 0, now::get, () -> {});
        requests(budget, 2);
        assertThat(retries(budget, 50)).isEqualTo(1);
        requests(budget, 2);
        assertThat(retries(budget, 50)).isEqualTo(1);
    }

    /** Whatever comes when: the same as counting every event of the last ten seconds, in tenths. */
    @Test
    void countsAsAListOfEventsWould() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int run = 0; run < 50; run++) {
            double ratio = random.nextDouble() * 2;
            int floor = random.nextInt(5);
            RetryBudget budget = new RetryBudget(ratio, floor, now::get, () -> {});
            long origin = now.get();
            List<Long> requests = new ArrayList<>();
            List<Long> retries = new ArrayList<>();
            for (int event = 0; event < 400; event++) {
                now.addAndGet(random.nextLong(random.nextInt(20) == 0 ? 12 * SECOND : SECOND / 3));
                long slot = (now.get() - origin) / (SECOND / 10);
                requests.removeIf(at -> at <= slot - 100);
                retries.removeIf(at -> at <= slot - 100);
                if (random.nextBoolean()) {
                    budget.countRequest();
                    requests.add(slot);
                } else {
                    boolean allowed = retries.size() + 1 <= Math.max(floor, ratio * requests.size());
                    assertThat(budget.tryRetry())
                            .as("seed %d, run %d, event %d", seed, run, event)
                            .isEqualTo(allowed);
                    if (allowed) {
                        retries.add(slot);
                    }
                }
            }
        }
    }

    private static void requests(RetryBudget budget, int count) {
        for (int i = 0; i < count; i++) {
            budget.countRequest();
        }
    }

    private static int retries(RetryBudget budget, int tries) {
        int allowed = 0;
        for (int i = 0; i < tries; i++) {
            allowed += budget.tryRetry() ? 1 : 0;
        }
        return allowed;
    }
}
