package io.cancelgateway.durability;

import io.cancelgateway.support.Reply;
import java.util.List;
import java.util.Map;

/**
 * A request to cancel, of one batch or of several, and what came of it.
 *
 * @param batches their ids, each once
 * @param sentAt by {@link System#nanoTime}
 * @param reply null where the connection broke
 * @param outcomes of its batches, in the words of the gateway, as far as it told them; {@code error} for every error of
 *     a single cancel but 404 and 409
 */
record Asked(
        int number,
        Kind kind,
        List<String> batches,
        Replica.Life life,
        long sentAt,
        long answeredAt,
        Reply reply,
        Map<String, String> outcomes) {

    /** What a client does. */
    enum Kind {
        /** A new batch, once. */
        SYNC,
        /** A new batch, several times at once, from both replicas. */
        REPEATED,
        /** A batch that was canceled before, or that was tried to be. */
        RESTARTED,
        /** A batch that does not exist. */
        UNKNOWN,
        /** {@code respond-async}. */
        ASYNC,
        /** {@code wait}, alone and with {@code respond-async}. */
        WAIT,
        /** Several batches, new ones and old ones, some twice. */
        BULK,
        /** Every active batch of a tenant. */
        ALL_ACTIVE
    }

    /** What the audit trail tells it by. */
    String reason() {
        return "chaos-" + number;
    }

    /** Whether the gateway took the batch over, to deliver its cancel whatever happens. */
    boolean queued(String batch) {
        return "queued".equals(outcomes.get(batch));
    }

    /** Whether the gateway said that it had not been able to record this first. */
    boolean unrecorded() {
        return reply != null && "false".equals(reply.header("Cancellation-Recorded"));
    }

    /** Whether the answer is one that the upstream gave. */
    boolean byUpstream(String batch) {
        return switch (outcomes.getOrDefault(batch, "")) {
            case "accepted", "confirmed", "not_found", "already_terminal" -> true;
            default -> false;
        };
    }
}
