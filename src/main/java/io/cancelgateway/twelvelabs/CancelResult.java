package io.cancelgateway.twelvelabs;

/**
 * What came of delivering a cancel.
 *
 * @param answer for the caller
 * @param sent cancels that were sent, 0 or more
 * @param ambiguous whether one of them may have taken effect without an answer
 */
public record CancelResult(Answer answer, int sent, boolean ambiguous) {}
