package io.cancelgateway.twelvelabs;

/**
 * How {@link TwelveLabs#cancel}, {@link TwelveLabs#cancelInBulk} or {@link TwelveLabs#deliver} ended.
 *
 * @param answer the answer for the caller; any {@link Answer} is possible
 * @param sent how many cancels were sent, 0 or more; attempts that got no connection do not count
 * @param ambiguous whether one of them may have taken effect although it was not answered: it timed out, was reset, or
 *     was answered by a 408, a 3xx, a 5xx or an unreadable 2xx
 */
public record CancelResult(Answer answer, int sent, boolean ambiguous) {}
