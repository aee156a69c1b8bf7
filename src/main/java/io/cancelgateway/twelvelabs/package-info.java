/** The vendor: what TwelveLabs can be asked, and what came of asking. */
@NullMarked
package io.cancelgateway.twelvelabs;

import org.jspecify.annotations.NullMarked;
