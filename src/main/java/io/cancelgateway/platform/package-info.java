/** Wiring that belongs to no feature: time, invalid settings, the management port, and loggers that print secrets. */
@NullMarked
package io.cancelgateway.platform;

import org.jspecify.annotations.NullMarked;
