package io.cancelgateway.twelvelabs;

/**
 * A cancel that was refused at once, before anything was written down or sent, because nothing can be sent now.
 *
 * @param reason why it was refused: any but {@link RefusalReason#UPSTREAM_429}
 * @param answer the answer for the caller, with the same reason
 */
public record DoorRefusal(RefusalReason reason, Answer answer) {}
