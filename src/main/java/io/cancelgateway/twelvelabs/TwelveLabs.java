package io.cancelgateway.twelvelabs;

import io.cancelgateway.tenant.Tenant;
import java.time.Duration;

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
     */
    Delivery cancel(Tenant tenant, BatchId batch, boolean unresolved);

    /** Looks at the batch. */
    Answer retrieve(Tenant tenant, BatchId batch);

    /**
     * Looks at the batch once, after the callers: without a retry, and without waiting for a permit or for the end of a
     * pause.
     */
    Answer look(Tenant tenant, BatchId batch);

    /** How long a request may take at most. */
    Duration deadline();
}
