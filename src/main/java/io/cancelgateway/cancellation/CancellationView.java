package io.cancelgateway.cancellation;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.cancelgateway.ledger.AuditEntry;
import io.cancelgateway.ledger.Cancellation;
import io.cancelgateway.ledger.ItemCounts;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/** A record of the ledger as callers see it. What is not known is absent. */
@JsonNaming(SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
record CancellationView(
        String batchId,
        String tenant,
        String state,
        String requestedBy,
        @Nullable String reason,
        Instant requestedAt,
        @Nullable Instant acceptedAt,
        @Nullable Instant finishedAt,
        int attempts,
        @Nullable String modelName,
        @Nullable String analysisMode,
        @Nullable CountsView countsAtAcceptance,
        @Nullable CountsView countsFinal,
        @Nullable List<RequestView> requests) {

    @JsonNaming(SnakeCaseStrategy.class)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record CountsView(
            @Nullable Integer totalItems,
            @Nullable Integer queuedItems,
            @Nullable Integer processingItems,
            @Nullable Integer readyItems,
            @Nullable Integer failedItems,
            @Nullable Integer canceledItems) {

        static @Nullable CountsView of(ItemCounts counts) {
            return counts.equals(ItemCounts.UNKNOWN)
                    ? null
                    : new CountsView(
                            counts.total(),
                            counts.queued(),
                            counts.processing(),
                            counts.ready(),
                            counts.failed(),
                            counts.canceled());
        }
    }

    @JsonNaming(SnakeCaseStrategy.class)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record RequestView(
            String caller,
            @Nullable String reason,
            Instant receivedAt,
            @Nullable String outcome,
            @Nullable String traceId) {

        static RequestView of(AuditEntry entry) {
            return new RequestView(
                    entry.caller(), entry.reason(), entry.receivedAt(), entry.outcome(), entry.traceId());
        }
    }

    /** The view for lists: without requests. */
    static CancellationView of(Cancellation cancellation) {
        return of(cancellation, null);
    }

    /** @param requests the newest requests, or null to leave them out */
    static CancellationView of(Cancellation cancellation, @Nullable List<AuditEntry> requests) {
        return new CancellationView(
                cancellation.key().batchId(),
                cancellation.key().tenant().value(),
                cancellation.state().word(),
                cancellation.requestedBy(),
                cancellation.reason(),
                cancellation.requestedAt(),
                cancellation.acceptedAt(),
                cancellation.finishedAt(),
                cancellation.attempts(),
                cancellation.modelName(),
                cancellation.analysisMode(),
                CountsView.of(cancellation.atAcceptance()),
                CountsView.of(cancellation.atEnd()),
                requests == null ? null : requests.stream().map(RequestView::of).toList());
    }
}
