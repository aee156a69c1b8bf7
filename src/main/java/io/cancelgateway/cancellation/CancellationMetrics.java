package io.cancelgateway.cancellation;

import io.cancelgateway.ledger.BatchSnapshot;
import io.cancelgateway.ledger.CancellationState;
import io.cancelgateway.ledger.ItemCounts;
import io.cancelgateway.tenant.TenantId;
import io.cancelgateway.tenant.TenantTags;
import io.cancelgateway.twelvelabs.Answer;
import io.cancelgateway.twelvelabs.RefusalReason;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Counts cancels and their results. Tags are configured tenants, the gateway's own words, and a limited number of the
 * vendor's words. They never come from a caller's input.
 */
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

    /** The reason in the meter where the ledger is the cause; the other reasons are those of the upstream's room. */
    private static final String LEDGER = "ledger";

    private final MeterRegistry registry;
    private final TenantTags tags;
    private final VendorTags models = new VendorTags(20);
    private final VendorTags modes = new VendorTags(5);
    private final Timer confirmation;
    private final Counter unrecorded;
    private volatile Set<String> registered = Set.of();
    private final Map<FollowUp.Poll, Counter> polls = new EnumMap<>(FollowUp.Poll.class);

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
        for (FollowUp.Poll result : FollowUp.Poll.values()) {
            polls.put(
                    result,
                    Counter.builder("cancel.gateway.follow.up.polls")
                            .description("Polls of batches by their follow-ups")
                            .tag("result", result.word())
                            .register(registry));
        }
    }

    /**
     * Registers every series that can be known before its first event, so that a rate over it does not lose that event.
     * To be called when the tenants have changed.
     */
    void registerTenants() {
        Set<String> all = tags.all();
        if (all.equals(registered)) {
            return; // a key's state has changed, and a call may be waiting for this
        }
        registered = all;
        Arrays.stream(Outcome.values()).forEach(outcome -> cancellations(TenantTags.NONE, outcome));
        for (String tenant : all) {
            Arrays.stream(Outcome.values()).forEach(outcome -> cancellations(tenant, outcome));
            Arrays.stream(CancellationState.values())
                    .filter(CancellationState::terminal)
                    .forEach(state -> endings(tenant, state));
            Arrays.stream(RefusalReason.values()).forEach(reason -> rejections(tenant, reason.word()));
            rejections(tenant, LEDGER);
            acceptedCanceledItems(tenant);
        }
    }

    /** Counts a cancel that is forwarded before its intent was recorded. */
    void unrecorded() {
        unrecorded.increment();
    }

    /** Counts a request to cancel. */
    void record(TenantId tenant, Outcome outcome) {
        cancellations(tags.of(tenant), outcome).increment();
    }

    /** Counts a request to cancel that was answered before its tenant was known. */
    void record(Outcome outcome) {
        cancellations(TenantTags.NONE, outcome).increment();
    }

    private Counter cancellations(String tenant, Outcome outcome) {
        return Counter.builder("cancel.gateway.cancellations")
                .description("Requests to cancel a batch, by their outcome")
                .tag("tenant", tenant)
                .tag("outcome", outcome.word())
                .register(registry);
    }

    /** Counts why a request to cancel was refused for load or trouble, if it was. */
    void recordRejection(TenantId tenant, Answer answer) {
        switch (answer) {
            case Answer.RateLimited(Duration _, RefusalReason reason) -> recordRejection(tenant, reason.word());
            case Answer.Unavailable(Duration _, RefusalReason reason) -> recordRejection(tenant, reason.word());
            default -> {}
        }
    }

    /** Counts a request to cancel that was refused because the ledger did not take it. */
    void recordRejectionByLedger(TenantId tenant) {
        recordRejection(tenant, LEDGER);
    }

    private void recordRejection(TenantId tenant, String reason) {
        rejections(tags.of(tenant), reason).increment();
    }

    private Counter rejections(String tenant, String reason) {
        return Counter.builder("cancel.gateway.rejections")
                .description("Requests to cancel that were refused for load or trouble, by the reason")
                .tag("tenant", tenant)
                .tag("reason", reason)
                .register(registry);
    }

    /** @param items {@code canceled_items} of a first 202, 0 or more */
    void acceptedCanceledItems(TenantId tenant, long items) {
        acceptedCanceledItems(tags.of(tenant)).record(items);
    }

    private DistributionSummary acceptedCanceledItems(String tenant) {
        return DistributionSummary.builder("cancel.gateway.accepted.canceled.items")
                .description("canceled_items in the first 202 of a cancellation")
                .tag("tenant", tenant)
                .register(registry);
    }

    /** Counts a cancellation that came to its end. To be called once for each of its starts. */
    void ended(TenantId tenant, CancellationState state) {
        endings(tags.of(tenant), state).increment();
    }

    private Counter endings(String tenant, CancellationState state) {
        return Counter.builder("cancel.gateway.endings")
                .description("Cancellations that came to an end, by their terminal state")
                .tag("tenant", tenant)
                .tag("state", state.word())
                .register(registry);
    }

    /** Counts a poll by a follow-up. */
    void polled(FollowUp.Poll result) {
        Objects.requireNonNull(polls.get(result)).increment();
    }

    /** Counts the items of a batch that ended canceled through us. To be called once for each. */
    void items(TenantId tenant, BatchSnapshot snapshot) {
        ItemCounts counts = snapshot.counts();
        items(tenant, snapshot, "canceled", counts.canceled());
        items(tenant, snapshot, "ready", counts.ready());
        items(tenant, snapshot, "failed", counts.failed());
    }

    private void items(TenantId tenant, BatchSnapshot snapshot, String result, @Nullable Integer count) {
        Counter.builder("cancel.gateway.items")
                .description("Final item counts of batches that ended canceled through the gateway")
                .tag("tenant", tags.of(tenant))
                .tag("model", models.of(snapshot.modelName()))
                .tag("analysis_mode", modes.of(snapshot.analysisMode()))
                .tag("result", result)
                .register(registry)
                .increment(count == null ? 0 : count);
    }

    /** @param sinceAcceptance the time from acceptance until the batch's end was known */
    void confirmed(Duration sinceAcceptance) {
        confirmation.record(sinceAcceptance);
    }
}
