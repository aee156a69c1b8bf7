/**
 * The vendor's API: cancels and retrieves batches of TwelveLabs, with retries, deadlines, breakers, bulkheads and
 * pauses. The only package that knows the HTTP client.
 */
@NullMarked
package io.cancelgateway.twelvelabs;

import org.jspecify.annotations.NullMarked;
