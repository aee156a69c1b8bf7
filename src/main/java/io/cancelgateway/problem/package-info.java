/** The one table of errors, and everything that renders them. */
@NullMarked
package io.cancelgateway.problem;

import org.jspecify.annotations.NullMarked;
