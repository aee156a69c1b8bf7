package io.cancelgateway.cancellation;

import io.cancelgateway.caller.Caller;
import io.cancelgateway.cancellation.BulkReply.Told;
import io.cancelgateway.cancellation.BulkRequest.Named;
import io.cancelgateway.cancellation.Cancellations.CancelRequest;
import io.cancelgateway.cancellation.Cancellations.Reply;
import io.cancelgateway.problem.Problem;
import io.cancelgateway.problem.ProblemException;
import io.cancelgateway.problem.ProblemType;
import io.cancelgateway.tenant.Tenant;
import io.cancelgateway.twelvelabs.ActiveBatches;
import io.cancelgateway.twelvelabs.Answer;
import io.cancelgateway.twelvelabs.BatchId;
import io.cancelgateway.twelvelabs.Deadline;
import io.cancelgateway.twelvelabs.TwelveLabs;
import io.micrometer.context.ContextSnapshot;
import io.micrometer.context.ContextSnapshotFactory;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Service;

/**
 * Cancels the batches of a bulk request, each as a request of its own: one that fails does not fail the others. All of
 * them have one deadline. A batch that is named twice is canceled once.
 */
@Service
class BulkCancellations {

    /** How many batches of one bulk request are worked on at once. The upstream sees half of the tenant's permits. */
    private static final int MAX_AT_ONCE = 50;

    private final Cancellations cancellations;
    private final TwelveLabs twelveLabs;
    private final CancellationMetrics metrics;
    private final ContextSnapshotFactory contexts =
            ContextSnapshotFactory.builder().build();

    BulkCancellations(Cancellations cancellations, TwelveLabs twelveLabs, CancellationMetrics metrics) {
        this.cancellations = cancellations;
        this.twelveLabs = twelveLabs;
        this.metrics = metrics;
    }

    /** How one batch was answered. */
    private record Answered(
            Outcome outcome,
            Told told,
            boolean recorded,
            @Nullable Duration retryAfter) {}

    /**
     * Cancels the batches now.
     *
     * @throws ProblemException if all that run are to be canceled, and they could not be listed: nothing was sent then
     */
    BulkReply cancel(Caller caller, Tenant tenant, BulkRequest bulk) {
        Deadline deadline = twelveLabs.startDeadline();
        List<Named> batches = batches(tenant, bulk, deadline);
        return each(batches, batch -> {
            Reply.Answered answered = cancellations.cancelInBulk(request(caller, tenant, bulk, batch), deadline);
            Outcome outcome = Outcome.of(answered.answer());
            return switch (Replies.of(answered.answer())) {
                case Replies.Result.Shown(var shown) ->
                    new Answered(outcome, new BulkReply.Shown(shown.body()), answered.recorded(), null);
                case Replies.Result.Refused(Problem problem) -> refused(outcome, problem, answered.recorded());
            };
        });
    }

    /**
     * Accepts the cancels, to be delivered by their follow-up tasks.
     *
     * @throws ProblemException {@code ledger_unavailable} if none was recorded; or as {@link #cancel}
     */
    BulkReply enqueue(Caller caller, Tenant tenant, BulkRequest bulk) {
        Deadline deadline = twelveLabs.startDeadline();
        List<Named> batches = batches(tenant, bulk, deadline);
        BulkReply reply = each(batches, batch -> {
            cancellations.enqueueInBulk(request(caller, tenant, bulk, batch), deadline);
            return new Answered(Outcome.QUEUED, new BulkReply.Queued(), true, null);
        });
        if (!reply.results().isEmpty()
                && reply.results().stream().allMatch(result -> result.outcome() == Outcome.UNAVAILABLE)) {
            throw Problem.of(ProblemType.LEDGER_UNAVAILABLE, "The ledger recorded none of the requests in time.")
                    .withRetryAfter(reply.retryAfter().orElse(null))
                    .toException();
        }
        return reply;
    }

    private List<Named> batches(Tenant tenant, BulkRequest bulk, Deadline deadline) {
        if (bulk.batches().isPresent()) {
            return bulk.batches().get();
        }
        Outcome outcome = Outcome.INTERNAL_ERROR;
        try {
            switch (twelveLabs.activeBatches(tenant, deadline)) {
                case ActiveBatches.Found(List<BatchId> found) -> {
                    return found.stream().map(Named::of).toList();
                }
                case ActiveBatches.Failed(Answer answer) -> {
                    outcome = Outcome.of(answer);
                    metrics.recordRejection(tenant.id(), answer);
                    Replies.batchOrThrow(answer);
                    throw new IllegalStateException("A list that failed has no batch");
                }
            }
        } catch (RuntimeException e) {
            metrics.record(tenant.id(), outcome);
            throw e;
        }
    }

    private static CancelRequest request(Caller caller, Tenant tenant, BulkRequest bulk, BatchId batch) {
        return new CancelRequest(caller, tenant, batch, bulk.reason(), Duration.ZERO, () -> false);
    }

    /** Answers each batch once, several at the same time. */
    private BulkReply each(List<Named> batches, Function<BatchId, Answered> work) {
        Semaphore free = new Semaphore(MAX_AT_ONCE);
        Map<BatchId, CompletableFuture<Answered>> answers = new LinkedHashMap<>();
        // for the trace of each cancel
        ContextSnapshot context = contexts.captureAll();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Named named : batches) {
                answers.computeIfAbsent(named.batch(), _ -> {
                    free.acquireUninterruptibly();
                    return CompletableFuture.supplyAsync(
                            () -> {
                                try (ContextSnapshot.Scope _ = context.setThreadLocals()) {
                                    return work.apply(named.batch());
                                } catch (ProblemException e) {
                                    Outcome outcome = Outcome.of(e.problem().type());
                                    return refused(outcome, e.problem(), true);
                                } finally {
                                    free.release();
                                }
                            },
                            threads);
                });
            }
        }
        List<BulkReply.Result> results = batches.stream()
                .map(named -> {
                    Answered answered =
                            Objects.requireNonNull(answers.get(named.batch())).join();
                    return new BulkReply.Result(named.text(), answered.outcome(), answered.told());
                })
                .toList();
        List<Answered> all =
                answers.values().stream().map(CompletableFuture::join).toList();
        Optional<Duration> retryAfter =
                all.stream().map(Answered::retryAfter).filter(Objects::nonNull).max(Comparator.naturalOrder());
        return new BulkReply(results, all.stream().allMatch(Answered::recorded), retryAfter);
    }

    private static Answered refused(Outcome outcome, Problem problem, boolean recorded) {
        return new Answered(
                outcome, new BulkReply.Refused(problem.code(), problem.message()), recorded, problem.retryAfter());
    }
}
