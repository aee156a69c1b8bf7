package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class PauseTests {

    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 1);
    private final Pause pause = new Pause(now::get);

    @Test
    void isOffUntilSomethingIsSaid() {
        assertThat(pause.on()).isFalse();
        assertThat(pause.left()).isZero();
        pause.extend(Duration.ZERO);
        assertThat(pause.on()).isFalse();
    }

    @Test
    void lastsAsLongAsWasSaid() {
        pause.extend(Duration.ofSeconds(7));

        assertThat(pause.left()).isEqualTo(Duration.ofSeconds(7));
        pass(Duration.ofSeconds(6));
        assertThat(pause.left()).isEqualTo(Duration.ofSeconds(1));
        assertThat(pause.retryAfter()).isEqualTo(Duration.ofSeconds(1));
        pass(Duration.ofSeconds(1));
        assertThat(pause.on()).isFalse();
    }

    @Test
    void isCappedButSaysWhatWasSaid() {
        pause.extend(Duration.ofHours(2));

        assertThat(pause.left()).isEqualTo(Duration.ofMinutes(5));
        assertThat(pause.retryAfter()).isEqualTo(Duration.ofHours(2));
        pass(Duration.ofMinutes(5));
        assertThat(pause.on()).isFalse();
        assertThat(pause.retryAfter()).isZero();

        // what was said before the pause ended is history
        pause.extend(Duration.ofSeconds(7));
        assertThat(pause.retryAfter()).isEqualTo(Duration.ofSeconds(7));
    }

    @Test
    void aLaterShorterWordDoesNotShortenIt() {
        pause.extend(Duration.ofSeconds(60));
        pause.extend(Duration.ofSeconds(1));
        assertThat(pause.left()).isEqualTo(Duration.ofSeconds(60));

        pause.extend(Duration.ofSeconds(90));
        assertThat(pause.left()).isEqualTo(Duration.ofSeconds(90));

        pause.extend(Duration.ofHours(1));
        pause.extend(Duration.ofMinutes(6));
        assertThat(pause.retryAfter()).isEqualTo(Duration.ofHours(1));
    }

    private void pass(Duration duration) {
        now.addAndGet(duration.toNanos());
    }
}
