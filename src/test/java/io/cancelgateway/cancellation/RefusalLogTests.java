package io.cancelgateway.cancellation;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.tenant.TenantId;
import io.cancelgateway.twelvelabs.DoorRefusal.Reason;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RefusalLogTests {

    private static final TenantId ACME = new TenantId("acme");

    private final AtomicLong now = new AtomicLong();
    private final RefusalLog log = new RefusalLog(now::get);

    @Test
    void tenLinesASecondAndTheNextOneTellsHowManyWereLeftOut() {
        for (int i = 0; i < 10; i++) {
            assertThat(log.next(ACME, Reason.PAUSED)).isEqualTo(OptionalLong.of(0));
        }
        for (int i = 0; i < 7; i++) {
            assertThat(log.next(ACME, Reason.PAUSED)).isEmpty();
        }

        now.addAndGet(Duration.ofSeconds(1).toNanos());

        assertThat(log.next(ACME, Reason.PAUSED)).isEqualTo(OptionalLong.of(7));
        assertThat(log.next(ACME, Reason.PAUSED)).isEqualTo(OptionalLong.of(0));
    }

    @Test
    void eachTenantAndReasonHasItsOwn() {
        for (int i = 0; i < 11; i++) {
            log.next(ACME, Reason.PAUSED);
        }

        assertThat(log.next(ACME, Reason.PAUSED)).isEmpty();
        assertThat(log.next(ACME, Reason.BULKHEAD)).isPresent();
        assertThat(log.next(new TenantId("globex"), Reason.PAUSED)).isPresent();
    }
}
