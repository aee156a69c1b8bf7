package io.cancelgateway.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The breaker, with a clock that stands. Its database has no tables, so that no probe closes it. */
class LedgerAvailabilityTests {

    private static final long WAIT = Duration.ofMillis(300).toNanos();

    private final AtomicLong now = new AtomicLong();
    private final LedgerAvailability availability = new LedgerAvailability(database(), now::get);

    @AfterEach
    void close() {
        availability.close();
    }

    @Test
    void threeWaitsInVainOneAfterTheOtherOpenIt() {
        waitInVain();
        waitInVain();
        assertThat(availability.available()).isTrue();

        waitInVain();

        assertThat(availability.available()).isFalse();
    }

    @Test
    void waitsThatOverlapAreOneFailure() {
        long begun = now.get();
        now.addAndGet(WAIT);
        for (int i = 0; i < 100; i++) {
            availability.failed(begun + i);
            now.incrementAndGet();
        }
        waitInVain();
        assertThat(availability.available()).isTrue();

        waitInVain();

        assertThat(availability.available()).isFalse();
    }

    @Test
    void aSuccessBetweenThemKeepsItClosed() {
        waitInVain();
        waitInVain();
        availability.succeeded();
        waitInVain();
        waitInVain();

        assertThat(availability.available()).isTrue();
    }

    @Test
    void theWritesOfAGroupFailTogether() {
        RuntimeException cause = new IllegalStateException("down");
        for (int i = 0; i < 100; i++) {
            availability.failed(cause);
        }
        assertThat(availability.available()).isTrue();

        availability.failed(new IllegalStateException("down"));
        availability.failed(new IllegalStateException("down"));

        assertThat(availability.available()).isFalse();
    }

    private void waitInVain() {
        long begun = now.get();
        now.addAndGet(WAIT);
        availability.failed(begun);
    }

    private static JdbcClient database() {
        JdbcDataSource source = new JdbcDataSource();
        source.setURL("jdbc:h2:mem:availability");
        return JdbcClient.create(source);
    }
}
