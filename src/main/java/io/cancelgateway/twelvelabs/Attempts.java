package io.cancelgateway.twelvelabs;

import io.cancelgateway.tenant.ApiKey;
import java.time.Duration;

/** Sends single HTTP requests to the upstream. Never repeats one. */
interface Attempts {

    /**
     * Sends one request and waits until it has ended.
     *
     * @param number which attempt of its call this is, from 1
     * @param timeout for all of it, getting a connection included; more than zero
     */
    Attempt send(VendorRequest request, ApiKey key, int number, Duration timeout);
}
