package io.cancelgateway.platform;

import java.time.Clock;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Where time, sleeping and randomness come from. Tests put their own in place of them. */
@Configuration(proxyBeanMethods = false)
class TimeConfiguration {

    @Bean
    Clock clock() {
        return Clock.systemUTC();
    }

    @Bean
    Ticker ticker() {
        return System::nanoTime;
    }

    @Bean
    Sleeper sleeper() {
        return Thread::sleep;
    }

    /** For jitter only. Safe for use by many threads. */
    @Bean
    RandomGenerator random() {
        return () -> ThreadLocalRandom.current().nextLong();
    }
}
