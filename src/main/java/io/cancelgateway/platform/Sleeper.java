package io.cancelgateway.platform;

import java.time.Duration;

/** Lets time pass, on a virtual thread; tests let it pass at once. */
@FunctionalInterface
public interface Sleeper {

    /** @param duration zero or more */
    void sleep(Duration duration) throws InterruptedException;
}
