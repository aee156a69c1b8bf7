/** The OpenAPI document and the page to try it. */
@NullMarked
package io.cancelgateway.openapi;

import org.jspecify.annotations.NullMarked;
