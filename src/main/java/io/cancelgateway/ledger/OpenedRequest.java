package io.cancelgateway.ledger;

/**
 * A request that is written down.
 *
 * @param key of the cancellation
 * @param id of the cancellation
 * @param life how often the cancellation was started, from 1
 * @param request the id of the request itself
 * @param started whether this request started the cancellation, for the first time or again; else it joined
 * @param unresolved whether it joined a cancellation of which an earlier request may have taken effect without an answer
 */
public record OpenedRequest(
        CancellationKey key, long id, int life, long request, boolean started, boolean unresolved) {}
