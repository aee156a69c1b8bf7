package io.cancelgateway.ledger;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes terminal records whose end and requests are old enough: few at a time, so that no lock is held for long. */
class Retention {

    private static final Logger log = LoggerFactory.getLogger(Retention.class);

    private static final int MAX_AT_ONCE = 500;

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
        for (int last = MAX_AT_ONCE;
                last == MAX_AT_ONCE && !Thread.currentThread().isInterrupted();
                deleted += last) {
            last = ledger.deleteFinishedBefore(before, MAX_AT_ONCE);
        }
        if (deleted > 0) {
            log.info("Deleted {} cancellations whose end and latest request were before {}", deleted, before);
        }
    }
}
