package io.cancelgateway.cancellation;

import io.cancelgateway.tenant.TenantId;
import io.cancelgateway.tenant.TenantTags;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.stereotype.Component;

/** Counts what came of cancelling. Tags are configured tenants and enum words, never input. */
@Component
class CancellationMetrics {

    private final MeterRegistry registry;
    private final TenantTags tags;

    CancellationMetrics(MeterRegistry registry, TenantTags tags) {
        this.registry = registry;
        this.tags = tags;
    }

    void record(TenantId tenant, Outcome outcome) {
        count(tags.of(tenant), outcome);
    }

    /** A request that was refused before its tenant was known. */
    void recordRefused() {
        count(TenantTags.NONE, Outcome.REFUSED);
    }

    private void count(String tenant, Outcome outcome) {
        registry.counter("cancel.gateway.cancellations", "tenant", tenant, "outcome", outcome.word())
                .increment();
    }

    /** @param items {@code canceled_items} of a first 202, 0 or more */
    void acceptedCanceledItems(TenantId tenant, long items) {
        registry.summary("cancel.gateway.accepted.canceled.items", "tenant", tags.of(tenant))
                .record(items);
    }
}
