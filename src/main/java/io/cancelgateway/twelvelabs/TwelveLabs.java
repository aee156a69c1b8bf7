package io.cancelgateway.twelvelabs;

import io.cancelgateway.tenant.Tenant;
import java.time.Duration;
import java.util.Optional;

/**
 * The TwelveLabs batch API, v1.3, as far as the gateway uses it.
 *
 * @see <a href="https://docs.twelvelabs.io/v1.3/api-reference">TwelveLabs API reference</a>
 */
public interface TwelveLabs {

    /**
     * Cancels the batch's queued items; those in process run to their end.
     *
     * @param unresolved whether an earlier cancel of this batch may have taken effect without an answer, so that a batch
     *     that is canceled already may be so through us
     * @param deadline of the whole request; what has passed of it is not had again
     */
    CancelResult cancel(Tenant tenant, BatchId batch, boolean unresolved, Deadline deadline);

    /**
     * Whether it is plain that no cancel of this tenant can be sent before the deadline. Only looks: it takes no permit,
     * no probe of a breaker and no retry from the budget, so that asking costs next to nothing.
     *
     * @return the refusal, or empty where a cancel may be tried
     */
    Optional<DoorRefusal> refusal(Tenant tenant, Deadline deadline);

    /** Looks at the batch. */
    Answer retrieve(Tenant tenant, BatchId batch);

    /**
     * Looks at the batch once, after the callers: without a retry, and without waiting for a permit or for the end of a
     * pause.
     */
    Answer poll(Tenant tenant, BatchId batch);

    /** How long {@link #poll} may take at most. */
    Duration longestPoll();

    /** The deadline of a request that begins now: {@code gateway.upstream.deadline} from here. */
    Deadline startDeadline();
}
