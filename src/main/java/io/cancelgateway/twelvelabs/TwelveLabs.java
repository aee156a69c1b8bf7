package io.cancelgateway.twelvelabs;

import io.cancelgateway.tenant.Tenant;
import java.time.Duration;
import java.util.Optional;

/**
 * The TwelveLabs batch API, v1.3, as far as the gateway uses it. What the vendor promises about operations, batch
 * objects and errors is in its API reference.
 *
 * <p>Safe for use by many threads. What asks the upstream blocks until the answer is there: call it from a thread that
 * may block, such as a virtual thread, and never from an event loop. It throws no exception for a failure of the
 * upstream, which is an {@link Answer}. An interrupt ends it with {@link Answer.DeadlineExceeded}, and the thread stays
 * interrupted.
 *
 * @see <a href="https://docs.twelvelabs.io/v1.3/api-reference">TwelveLabs API reference</a>
 */
public interface TwelveLabs {

    /**
     * Cancels the batch's queued items. Items in process run to their end. Transient failures are retried until the
     * deadline. A 409 that may be the trace of an earlier attempt, and a success that cannot be read, are followed by
     * one retrieve to find out what happened.
     *
     * <p>Any {@link Answer} can come: {@link Answer.Accepted} is the usual one, and {@link Answer.Found} comes where
     * the retrieve showed that the batch is at its end.
     *
     * @param unresolved whether an earlier cancel of this batch may have taken effect without an answer, so that this
     *     one may find the batch canceled through us
     * @param deadline the deadline of the whole request, which may have begun before this call
     */
    CancelResult cancel(Tenant tenant, BatchId batch, boolean unresolved, Deadline deadline);

    /**
     * Cancels one of the batches of a bulk request, as {@link #cancel} does. It waits for its turn as long as the
     * deadline allows: all calls of bulk requests hold at most half of the tenant's permits together (or the only one),
     * so that its other callers get through beside them. A call whose turn does not come in time ends with
     * {@link Answer.RateLimited}.
     */
    CancelResult cancelInBulk(Tenant tenant, BatchId batch, boolean unresolved, Deadline deadline);

    /**
     * Sends the cancel in the background, once: without a retry, and without waiting for a permit or for the end of a
     * pause. Where a caller's call waits for a permit, or none is free, nothing is sent. What may have taken effect is
     * looked into by one retrieve, as by {@link #cancel}.
     *
     * <p>Any {@link Answer} can come. {@link CancelResult#sent} is 0 where nothing was sent.
     *
     * @param unresolved whether an earlier cancel of this batch may have taken effect without an answer, so that this
     *     one may find the batch canceled through us
     */
    CancelResult deliver(Tenant tenant, BatchId batch, boolean unresolved);

    /**
     * Whether it is certain that no cancel of this tenant can be sent before the deadline. Only reads: it takes no
     * permit, no probe of a breaker and no retry from the budget. It neither blocks nor sends anything.
     *
     * @return the refusal, with {@link Answer.RateLimited} or {@link Answer.Unavailable}; empty where a cancel may be
     *     tried
     */
    Optional<DoorRefusal> refusal(Tenant tenant, Deadline deadline);

    /**
     * Retrieves the batch for a caller who waits for it. Transient failures are retried until {@link #startDeadline}
     * from now is reached.
     *
     * <p>Any {@link Answer} but {@link Answer.Accepted} can come.
     */
    Answer retrieve(Tenant tenant, BatchId batch);

    /**
     * Lists a page of the tenant's batches, newest first, for a caller who waits for it. Transient failures are retried
     * until {@link #startDeadline} from now is reached.
     */
    Listing list(Tenant tenant, BatchQuery query);

    /**
     * Finds the tenant's batches that are {@code pending} or {@code processing}, for a bulk request: through all pages
     * of the list, each retried like a retrieve, and all before one deadline. A batch that runs all the while is found;
     * one that ends meanwhile may be among the found. It waits for a permit as {@link #cancelInBulk} does.
     */
    ActiveBatches activeBatches(Tenant tenant, Deadline deadline);

    /**
     * Retrieves the batch in the background, once: without a retry, and without waiting for a permit or for the end of
     * a pause. Where a caller's call waits for a permit, or none is free, nothing is sent.
     *
     * <p>Any {@link Answer} but {@link Answer.Accepted} can come. {@link Answer.RateLimited} and
     * {@link Answer.Unavailable} may mean that nothing was sent.
     */
    Answer poll(Tenant tenant, BatchId batch);

    /** How long {@link #poll} or {@link #deliver} may take at most. */
    Duration longestBackgroundCall();

    /** The deadline of a request that begins now: {@code gateway.upstream.deadline} from now. */
    Deadline startDeadline();
}
