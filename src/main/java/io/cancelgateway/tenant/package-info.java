/** Tenants and their upstream API keys. */
@NullMarked
package io.cancelgateway.tenant;

import org.jspecify.annotations.NullMarked;
