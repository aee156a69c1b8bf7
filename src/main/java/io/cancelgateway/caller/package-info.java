/** Callers: the credentials, permissions and tenants of internal services. */
@NullMarked
package io.cancelgateway.caller;

import org.jspecify.annotations.NullMarked;
