package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BulkheadTests {

    private final Deadline deadline = Deadline.after(Duration.ofMinutes(1), System::nanoTime);
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    @AfterEach
    void stop() {
        threads.shutdownNow();
    }

    @Test
    void givesAsManyPermitsAsThereAre() throws Exception {
        Bulkhead bulkhead = new Bulkhead(2);

        assertThat(bulkhead.tryAcquire(Priority.CALLER, deadline)).isTrue();
        assertThat(bulkhead.tryAcquire(Priority.BACKGROUND, deadline)).isTrue();
        assertThat(bulkhead.tryAcquire(Priority.BACKGROUND, deadline)).isFalse();
        assertThat(bulkhead.tryAcquire(Priority.CALLER, reached())).isFalse();

        bulkhead.release(Priority.BACKGROUND);
        assertThat(bulkhead.tryAcquire(Priority.BACKGROUND, deadline)).isTrue();
    }

    @Test
    void aCallerWaitsForAPermitAndTheBackgroundLetsItGoFirst() throws Exception {
        Bulkhead bulkhead = new Bulkhead(2);
        bulkhead.tryAcquire(Priority.CALLER, deadline);
        bulkhead.tryAcquire(Priority.CALLER, deadline);
        Future<Boolean> waiting = waiting(bulkhead);
        Future<Boolean> alsoWaiting = waiting(bulkhead);
        await().until(bulkhead::queueFull);

        bulkhead.release(Priority.CALLER);
        bulkhead.release(Priority.CALLER);

        // either is still queued, or has its permit
        boolean background = bulkhead.tryAcquire(Priority.BACKGROUND, deadline);
        assertThat(background).isFalse();
        assertThat(waiting.get(10, TimeUnit.SECONDS)).isTrue();
        assertThat(alsoWaiting.get(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void theQueueIsFullWhenAsManyWaitAsThereArePermits() throws Exception {
        Bulkhead bulkhead = new Bulkhead(1);
        assertThat(bulkhead.queueFull()).isFalse();
        bulkhead.tryAcquire(Priority.CALLER, deadline);
        assertThat(bulkhead.queueFull()).isFalse();

        Future<Boolean> waiting = waiting(bulkhead);
        await().until(bulkhead::queueFull);

        bulkhead.release(Priority.CALLER);
        assertThat(waiting.get(10, TimeUnit.SECONDS)).isTrue();
        assertThat(bulkhead.queueFull()).isFalse();
    }

    @Test
    void aCallerGivesUpAfterASecond() throws Exception {
        Bulkhead bulkhead = new Bulkhead(1);
        bulkhead.tryAcquire(Priority.CALLER, deadline);
        long start = System.nanoTime();

        assertThat(bulkhead.tryAcquire(Priority.CALLER, deadline)).isFalse();

        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isBetween(Duration.ofSeconds(1), Duration.ofSeconds(20));
    }

    @ParameterizedTest
    @CsvSource({"1,1", "2,1", "3,1", "4,2", "32,16"})
    void bulkCallsTogetherHoldAtMostHalfOfThePermits(int permits, int share) throws Exception {
        Bulkhead bulkhead = new Bulkhead(permits);

        for (int i = 0; i < share; i++) {
            assertThat(bulkhead.tryAcquire(Priority.BULK, deadline)).isTrue();
        }
        assertThat(bulkhead.tryAcquire(Priority.BULK, reached())).isFalse();
        for (int i = share; i < permits; i++) {
            assertThat(bulkhead.tryAcquire(Priority.CALLER, deadline)).isTrue();
        }
        assertThat(bulkhead.tryAcquire(Priority.CALLER, reached())).isFalse();

        bulkhead.release(Priority.BULK);
        assertThat(bulkhead.tryAcquire(Priority.BULK, deadline)).isTrue();
    }

    @Test
    void aBulkCallWaitsForItsShareAsLongAsItsDeadlineAllows() throws Exception {
        Bulkhead bulkhead = new Bulkhead(2);
        bulkhead.tryAcquire(Priority.BULK, deadline);

        assertThat(secondsToGiveUp(bulkhead)).isBetween(1.2, 20.0);
    }

    @Test
    void aBulkCallWaitsForAPermitAsLongAsItsDeadlineAllows() throws Exception {
        Bulkhead bulkhead = new Bulkhead(1);
        bulkhead.tryAcquire(Priority.CALLER, deadline);

        assertThat(secondsToGiveUp(bulkhead)).isBetween(1.2, 20.0);
    }

    private static double secondsToGiveUp(Bulkhead bulkhead) throws InterruptedException {
        Deadline soon = Deadline.after(Duration.ofMillis(1200), System::nanoTime);
        long start = System.nanoTime();
        assertThat(bulkhead.tryAcquire(Priority.BULK, soon)).isFalse();
        return (System.nanoTime() - start) / 1e9;
    }

    @Test
    void aBulkCallThatWaitsForItsShareDoesNotStandInTheQueueOfTheCallers() throws Exception {
        Bulkhead bulkhead = new Bulkhead(2);
        bulkhead.tryAcquire(Priority.BULK, deadline);
        FutureTask<Boolean> waiting = waitingInBulk(bulkhead);

        // the background goes behind whoever stands in the queue
        assertThat(bulkhead.tryAcquire(Priority.BACKGROUND, deadline)).isTrue();
        assertThat(bulkhead.queueFull()).isFalse();

        bulkhead.release(Priority.BULK);
        assertThat(waiting.get(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aBulkCallThatGetsNoPermitGivesBackItsShare() throws Exception {
        Bulkhead bulkhead = new Bulkhead(1);
        bulkhead.tryAcquire(Priority.CALLER, deadline);

        assertThat(bulkhead.tryAcquire(Priority.BULK, Deadline.after(Duration.ofMillis(10), System::nanoTime)))
                .isFalse();

        bulkhead.release(Priority.CALLER);
        assertThat(bulkhead.tryAcquire(Priority.BULK, reached())).isTrue();
    }

    @Test
    void soDoesOneThatIsInterrupted() throws Exception {
        Bulkhead bulkhead = new Bulkhead(1);
        bulkhead.tryAcquire(Priority.CALLER, deadline);
        FutureTask<Boolean> waiting = waitingInBulk(bulkhead);
        assertThat(bulkhead.queueFull()).isTrue();

        waiting.cancel(true);

        await().until(() -> !bulkhead.queueFull());
        bulkhead.release(Priority.CALLER);
        Deadline soon = Deadline.after(Duration.ofSeconds(10), System::nanoTime);
        assertThat(bulkhead.tryAcquire(Priority.BULK, soon)).isTrue();
    }

    private Future<Boolean> waiting(Bulkhead bulkhead) {
        return threads.submit(() -> bulkhead.tryAcquire(Priority.CALLER, deadline));
    }

    /** Returns once it waits. */
    private FutureTask<Boolean> waitingInBulk(Bulkhead bulkhead) {
        FutureTask<Boolean> waiting = new FutureTask<>(() -> bulkhead.tryAcquire(Priority.BULK, deadline));
        Thread thread = Thread.startVirtualThread(waiting);
        await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
        return waiting;
    }

    private static Deadline reached() {
        return Deadline.after(Duration.ZERO, System::nanoTime);
    }
}
