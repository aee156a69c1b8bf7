/** The one table of error answers, and everything that renders it. */
@NullMarked
package io.cancelgateway.problem;

import org.jspecify.annotations.NullMarked;
