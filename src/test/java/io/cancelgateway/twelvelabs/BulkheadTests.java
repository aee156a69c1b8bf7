package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

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

        bulkhead.release();
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

        bulkhead.release();
        bulkhead.release();

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

        bulkhead.release();
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

    private Future<Boolean> waiting(Bulkhead bulkhead) {
        return threads.submit(() -> bulkhead.tryAcquire(Priority.CALLER, deadline));
    }

    private static Deadline reached() {
        return Deadline.after(Duration.ZERO, System::nanoTime);
    }
}
