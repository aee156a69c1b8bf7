package io.cancelgateway.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LimitedLogTests {

    private final AtomicLong now = new AtomicLong();
    private final LimitedLog<String> log = new LimitedLog<>(now::get);

    @Test
    void tenLinesASecondAndTheNextOneTellsHowManyWereLeftOut() {
        for (int i = 0; i < 10; i++) {
            assertThat(log.next("paused")).isEqualTo(OptionalLong.of(0));
        }
        for (int i = 0; i < 7; i++) {
            assertThat(log.next("paused")).isEmpty();
        }

        now.addAndGet(Duration.ofSeconds(1).toNanos());

        assertThat(log.next("paused")).isEqualTo(OptionalLong.of(7));
        assertThat(log.next("paused")).isEqualTo(OptionalLong.of(0));
    }

    @Test
    void eachKindHasItsOwn() {
        for (int i = 0; i < 11; i++) {
            log.next("paused");
        }

        assertThat(log.next("paused")).isEmpty();
        assertThat(log.next("bulkhead")).isPresent();
    }
}
