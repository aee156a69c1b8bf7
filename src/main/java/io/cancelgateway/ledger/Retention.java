package io.cancelgateway.ledger;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes terminal records whose end and requests are old enough, few at a time, so that no lock is held for long. */
class Retention {

    private static final Logger log = LoggerFactory.getLogger(Retention.class);

    private static final int AT_ONCE = 500;

    private final Ledger ledger;
    private final Duration retention;
    private final Clock clock;

    Retention(Ledger ledger, Duration retention, Clock clock) {
        this.ledger = ledger;
        this.retention = retention;
        this.clock = clock;
    }

    void run() {
        Instant before = clock.instant().minus(retention);
        long deleted = 0;
        for (int some = AT_ONCE; some == AT_ONCE && !Thread.currentThread().isInterrupted(); deleted += some) {
            some = ledger.deleteFinishedBefore(before, AT_ONCE);
        }
        if (deleted > 0) {
            log.info("Deleted {} cancellations that ended, and were asked for last, before {}", deleted, before);
        }
    }
}
