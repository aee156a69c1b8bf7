package io.cancelgateway.twelvelabs;

import io.cancelgateway.tenant.Tenant;

/**
 * The TwelveLabs batch API, v1.3, as far as the gateway uses it.
 *
 * @see <a href="https://docs.twelvelabs.io/v1.3/api-reference">TwelveLabs API reference</a>
 */
public interface TwelveLabs {

    /** Cancels the batch's queued items; those in process run to their end. */
    Answer cancel(Tenant tenant, BatchId batch);

    /** Looks at the batch. */
    Answer retrieve(Tenant tenant, BatchId batch);
}
