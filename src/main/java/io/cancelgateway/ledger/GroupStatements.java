package io.cancelgateway.ledger;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The statements that write a group: what {@link Ledger#open} and {@link ChangeWriter#write} do in their most frequent
 * cases, for many requests in one transaction. They wait for no row that somebody else locks.
 */
interface GroupStatements {

    /**
     * Writes what can be written without waiting, and commits. Leaves out the rest, which is to be written alone:
     *
     * <ul>
     *   <li>an intent whose cancellation is requested, or to be started again, or locked by somebody else;
     *   <li>one that may be recorded already, if its cancellation has a record;
     *   <li>an acceptance whose record is locked by somebody else, or whose request has an outcome.
     * </ul>
     *
     * @param openings each of another cancellation, in the order of their keys, so that two replicas do not wait for
     *     each other
     * @param acceptances each of another cancellation
     * @throws org.springframework.dao.DataAccessException if nothing was written, or the commit got no answer
     */
    Written write(List<Opening> openings, List<Acceptance> acceptances);

    /**
     * Limits how long the statements of this transaction wait for a lock. What they throw then is about their rows, and
     * not about the database.
     */
    void limitLockWait();

    /**
     * An intent.
     *
     * @param again whether it may be recorded already
     */
    record Opening(Intent intent, boolean again) {}

    /** A change that accepts a cancellation, or one more cancel of it, by the answer to a request. */
    record Acceptance(Change change, Change.RequestResult result, BatchSnapshot snapshot) {

        /** Null if the change is another one. */
        static @Nullable Acceptance of(Change change) {
            Change.RequestResult result = change.request();
            return result != null && change.transition() instanceof Change.Transition.Accept(BatchSnapshot snapshot)
                    ? new Acceptance(change, result, snapshot)
                    : null;
        }
    }

    /**
     * What was written.
     *
     * @param opened by {@link Intent#request}
     * @param accepted by the id of the request: whether it was the first acceptance of its cancellation
     */
    record Written(Map<UUID, OpenedRequest> opened, Map<Long, Boolean> accepted) {}
}
