package io.cancelgateway.cancellation;

import com.github.kagkarlsson.scheduler.Scheduler;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.SmartLifecycle;

/**
 * Stops the follow-ups while the web server waits for its requests. Both may take long; this way a stop of the gateway
 * takes as long as the longer one, not as long as both.
 */
class FollowUpStop implements SmartLifecycle, AutoCloseable {

    private final FutureTask<Void> stop;

    FollowUpStop(Scheduler scheduler) {
        stop = new FutureTask<>(scheduler::stop, null);
    }

    /** The scheduler's own starter does that, when the context is ready. */
    @Override
    public void start() {}

    @Override
    public void stop() {
        stop.run(); // only the first time
    }

    @Override
    public void stop(Runnable ended) {
        Thread.ofVirtual().name("follow-up-stop").start(() -> {
            stop();
            ended.run();
        });
    }

    @Override
    public boolean isRunning() {
        return !stop.isDone();
    }

    /** A scheduler cannot be started again. */
    @Override
    public boolean isPauseable() {
        return false;
    }

    /** That of the web server's wait for its requests. */
    @Override
    public int getPhase() {
        return WebServerApplicationContext.GRACEFUL_SHUTDOWN_PHASE;
    }

    /** Waits until the follow-ups have stopped, even if the phase did not: what they use is closed after this. */
    @Override
    public void close() throws ExecutionException {
        stop();
        try {
            stop.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
