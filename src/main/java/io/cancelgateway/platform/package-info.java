/** Wiring that belongs to no feature: time, checked settings, what the management port may show and logs may print. */
@NullMarked
package io.cancelgateway.platform;

import org.jspecify.annotations.NullMarked;
