package io.cancelgateway.ledger;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/** Shows whether the ledger takes writes, for the health endpoint. Asks nobody: it must not hang with the database. */
class LedgerHealth implements HealthIndicator {

    private final LedgerAvailability availability;

    LedgerHealth(LedgerAvailability availability) {
        this.availability = availability;
    }

    @Override
    public Health health() {
        return availability.available()
                ? Health.up().build()
                : Health.down()
                        .withDetail("cancels", "forwarded without a record")
                        .build();
    }
}
