package io.cancelgateway.twelvelabs;

import io.cancelgateway.tenant.ApiKey;
import java.time.Duration;

/** Sends one HTTP request upstream and tells what became of it. Nothing is sent twice. */
interface Attempts {

    /** @param timeout for all of it, the connection included; more than zero */
    Attempt send(Operation operation, ApiKey key, BatchId batch, Duration timeout);
}
