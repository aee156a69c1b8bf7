package io.cancelgateway.ledger;

/**
 * A request that is written down.
 *
 * @param id of the cancellation
 * @param life how often that was started, from 1
 * @param request of the request itself
 * @param started whether this request started it, for the first time or again; else it joined
 * @param unresolved whether it joined a cancellation of which an earlier request may have taken effect unnoticed
 */
public record OpenedRequest(long id, int life, long request, boolean started, boolean unresolved) {}
