package io.cancelgateway.platform;

import java.time.Duration;

/** Blocks the current thread, which is a virtual one; in tests it returns at once. */
@FunctionalInterface
public interface Sleeper {

    /**
     * Blocks for {@code duration}.
     *
     * @param duration zero or more
     * @throws InterruptedException if the thread is interrupted meanwhile
     */
    void sleep(Duration duration) throws InterruptedException;
}
