/** Cancels TwelveLabs analysis batches for internal services. */
@NullMarked
package io.cancelgateway;

import org.jspecify.annotations.NullMarked;
