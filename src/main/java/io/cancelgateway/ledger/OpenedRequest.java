package io.cancelgateway.ledger;

/**
 * A request that is recorded.
 *
 * @param key the key of the cancellation
 * @param id the id of the cancellation
 * @param life the life of the cancellation that the request belongs to, from 1
 * @param request the id of the request itself
 * @param started whether this request started the cancellation, for the first time or again; otherwise it joined
 * @param unresolved whether it joined a cancellation with an earlier request that is under way, or that may have taken
 *     effect without an answer
 */
public record OpenedRequest(
        CancellationKey key, long id, int life, long request, boolean started, boolean unresolved) {}
