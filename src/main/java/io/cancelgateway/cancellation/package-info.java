/** The feature: cancel a batch, follow it to its end, show batches and cancellations. */
@NullMarked
package io.cancelgateway.cancellation;

import org.jspecify.annotations.NullMarked;
