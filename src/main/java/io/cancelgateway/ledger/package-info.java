/** The table of cancellations: who requested each, how it ended, what it saved. The database decides races. */
@NullMarked
package io.cancelgateway.ledger;

import org.jspecify.annotations.NullMarked;
