package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class DeadlineTests {

    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
    private final Deadline deadline = Deadline.after(Duration.ofSeconds(2), now::get);

    @Test
    void countsDownEvenWhereTheTickerOverflows() {
        assertThat(deadline.left()).isEqualTo(Duration.ofSeconds(2));
        now.addAndGet(1_500_000_000);
        assertThat(deadline.left()).isEqualTo(Duration.ofMillis(500));
        assertThat(deadline.reached()).isFalse();
        now.addAndGet(500_000_000);
        assertThat(deadline.left()).isZero();
        assertThat(deadline.reached()).isTrue();
        now.addAndGet(1);
        assertThat(deadline.left()).isZero();
    }

    @Test
    void cutsWhatIsLongerThanWhatIsLeft() {
        assertThat(deadline.cut(Duration.ofSeconds(1))).isEqualTo(Duration.ofSeconds(1));
        assertThat(deadline.cut(Duration.ofSeconds(5))).isEqualTo(Duration.ofSeconds(2));
    }
}
