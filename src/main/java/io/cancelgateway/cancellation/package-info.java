/** The feature: cancel a batch, look at a batch. */
@NullMarked
package io.cancelgateway.cancellation;

import org.jspecify.annotations.NullMarked;
