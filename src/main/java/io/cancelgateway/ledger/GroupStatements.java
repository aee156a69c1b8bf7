package io.cancelgateway.ledger;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The statements that write a group: what {@link Ledger#open} and {@link ChangeWriter#write} do in their most frequent
 * cases, for many requests in one transaction. They never wait long for a lock that somebody else holds.
 */
interface GroupStatements {

    /**
     * Starts the cancellations that have no record, and accepts those that are requested, and commits. Leaves out an
     * intent whose cancellation has a record, and a change whose record is locked, is not requested, or whose request
     * has an outcome: these are to be written alone.
     *
     * @param intents each of another cancellation, in the order of their keys, so that two replicas do not wait for
     *     each other
     * @param acceptances each of another cancellation and with a request
     * @return what was written
     * @throws org.springframework.dao.DataAccessException if nothing was written, or the commit got no answer
     */
    Written write(List<Intent> intents, List<Change> acceptances);

    /**
     * What was written.
     *
     * @param opened by {@link Intent#request}
     * @param accepted the ids of the requests
     */
    record Written(Map<UUID, OpenedRequest> opened, Set<Long> accepted) {

        /** What an acceptance did, as {@link ChangeWriter#write} tells it; null if it was left out. */
        @Nullable
        Effect effect(Change change) {
            Change.RequestResult request = change.request();
            return request != null
                            && accepted.contains(request.id())
                            && change.transition() instanceof Change.Transition.Accept(BatchSnapshot snapshot)
                    ? new Effect.FirstAccepted(change.key(), snapshot)
                    : null;
        }
    }
}
