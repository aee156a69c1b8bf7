package io.cancelgateway.cancellation;

import io.cancelgateway.ledger.BatchSnapshot;
import io.cancelgateway.ledger.ItemCounts;
import io.cancelgateway.tenant.TenantId;
import io.cancelgateway.tenant.TenantTags;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Counts cancels and their results. Tags are configured tenants, the gateway's own words, and a limited number of the
 * vendor's words. They never come from a caller's input.
 */
@Component
class CancellationMetrics {

    private static final Duration[] CONFIRMATION_BUCKETS = {
        Duration.ofSeconds(1),
        Duration.ofSeconds(2),
        Duration.ofSeconds(5),
        Duration.ofSeconds(10),
        Duration.ofSeconds(30),
        Duration.ofMinutes(1),
        Duration.ofMinutes(2),
        Duration.ofMinutes(5),
        Duration.ofMinutes(10),
        Duration.ofMinutes(30),
        Duration.ofHours(1),
        Duration.ofHours(3),
        Duration.ofHours(6),
        Duration.ofHours(12),
        Duration.ofHours(24)
    };

    private final MeterRegistry registry;
    private final TenantTags tags;
    private final VendorTags models = new VendorTags(20);
    private final VendorTags modes = new VendorTags(5);
    private final Timer confirmation;
    private final Counter unrecorded;

    CancellationMetrics(MeterRegistry registry, TenantTags tags) {
        this.registry = registry;
        this.tags = tags;
        this.confirmation = Timer.builder("cancel.gateway.confirmation")
                .description("From the acceptance of a cancel until the batch's end was known")
                .serviceLevelObjectives(CONFIRMATION_BUCKETS)
                .register(registry);
        this.unrecorded = Counter.builder("cancel.gateway.unrecorded")
                .description("Cancels forwarded before their intent was recorded, because the ledger was down or slow")
                .register(registry);
    }

    /** Counts a cancel that is forwarded before its intent was recorded. */
    void unrecorded() {
        unrecorded.increment();
    }

    /** Counts a request to cancel. */
    void record(TenantId tenant, Outcome outcome) {
        count(tags.of(tenant), outcome);
    }

    /** Counts a request to cancel that was answered before its tenant was known. */
    void record(Outcome outcome) {
        count(TenantTags.NONE, outcome);
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

    /** Counts the items of a batch that ended canceled through us. To be called once for each. */
    void items(TenantId tenant, BatchSnapshot snapshot) {
        ItemCounts counts = snapshot.counts();
        items(tenant, snapshot, "canceled", counts.canceled());
        items(tenant, snapshot, "ready", counts.ready());
        items(tenant, snapshot, "failed", counts.failed());
    }

    private void items(TenantId tenant, BatchSnapshot snapshot, String result, @Nullable Integer count) {
        registry.counter(
                        "cancel.gateway.items",
                        "tenant",
                        tags.of(tenant),
                        "model",
                        models.of(snapshot.modelName()),
                        "analysis_mode",
                        modes.of(snapshot.analysisMode()),
                        "result",
                        result)
                .increment(count == null ? 0 : count);
    }

    /** @param sinceAcceptance the time from acceptance until the batch's end was known */
    void confirmed(Duration sinceAcceptance) {
        confirmation.record(sinceAcceptance);
    }
}
