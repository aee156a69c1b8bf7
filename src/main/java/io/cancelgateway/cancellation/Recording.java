package io.cancelgateway.cancellation;

import io.cancelgateway.ledger.Intent;
import io.cancelgateway.ledger.OpenedRequest;
import io.cancelgateway.ledger.PendingWrite;
import java.util.Optional;

/** What {@link RequestRecorder} knows of a synchronous request while it is forwarded. */
sealed interface Recording {

    /** The intent was committed before the request was forwarded. */
    record Committed(OpenedRequest opened) implements Recording {}

    /**
     * The intent was not committed in time.
     *
     * @param write the write that may still commit it; empty if there is none
     */
    record Pending(Intent intent, Optional<PendingWrite<OpenedRequest>> write) implements Recording {}

    /** Whether the intent was committed before the request was forwarded. */
    default boolean committed() {
        return this instanceof Committed;
    }

    /** Whether an earlier cancel of this batch may have taken effect without an answer, as far as the ledger told. */
    default boolean unresolved() {
        return this instanceof Committed(OpenedRequest opened) && opened.unresolved();
    }
}
