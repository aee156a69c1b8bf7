package io.cancelgateway.cancellation;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.kagkarlsson.scheduler.ExecutorUtils;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FollowUpThreadsTests {

    private static final Duration A_MOMENT = Duration.ofMillis(20);

    static List<ExecutorService> all() {
        FollowUpThreads threads = new FollowUpThreads(16);
        return List.of(
                threads.executorService().orElseThrow(),
                threads.dueExecutor().orElseThrow(),
                threads.housekeeperExecutor().orElseThrow());
    }

    @ParameterizedTest
    @MethodSource("all")
    void areNotInterruptedAtWork(ExecutorService threads) throws Exception {
        CountDownLatch working = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        Future<String> work = threads.submit(() -> {
            working.countDown();
            end.await(); // as a statement of H2, an interrupt would end this
            return "done";
        });
        working.await();

        assertThat(ExecutorUtils.shutdownAndAwaitTermination(threads, A_MOMENT, A_MOMENT))
                .isFalse();
        end.countDown();

        assertThat(work.get()).isEqualTo("done");
        assertThat(ExecutorUtils.awaitTermination(threads, Duration.ofSeconds(10)))
                .isTrue();
    }

    /** As the scheduler does if it sleeps until its next look. */
    @Test
    void areInterruptedAsleep() throws Exception {
        ExecutorService threads = new FollowUpThreads(16).dueExecutor().orElseThrow();
        CountDownLatch asleep = new CountDownLatch(1);
        threads.execute(() -> {
            asleep.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                // awake
            }
        });
        asleep.await();

        threads.shutdownNow();

        assertThat(ExecutorUtils.awaitTermination(threads, Duration.ofSeconds(10)))
                .isTrue();
    }
}
