/** The table of cancellations: who wanted what canceled, how it ended, and what it saved. The database decides races. */
@NullMarked
package io.cancelgateway.ledger;

import org.jspecify.annotations.NullMarked;
