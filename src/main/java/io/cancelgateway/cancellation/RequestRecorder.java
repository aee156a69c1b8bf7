package io.cancelgateway.cancellation;

import io.cancelgateway.ledger.Change;
import io.cancelgateway.ledger.Effect;
import io.cancelgateway.ledger.Intent;
import io.cancelgateway.ledger.LedgerAvailability;
import io.cancelgateway.ledger.LedgerBusyException;
import io.cancelgateway.ledger.LedgerTimeoutException;
import io.cancelgateway.ledger.LedgerWriter;
import io.cancelgateway.ledger.OpenedRequest;
import io.cancelgateway.ledger.PendingWrite;
import io.cancelgateway.platform.Ticker;
import io.cancelgateway.problem.Problem;
import io.cancelgateway.problem.ProblemType;
import io.cancelgateway.problem.Problems;
import io.cancelgateway.twelvelabs.CancelResult;
import io.cancelgateway.twelvelabs.Deadline;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Records requests for callers who cannot wait for a ledger that is slow or down. A synchronous request waits 300 ms
 * for the commit of its intent and 300 ms for that of its result. What is not committed then is written later, by
 * {@link PostponedWrites} if need be.
 */
@Component
class RequestRecorder {

    private static final Logger log = LoggerFactory.getLogger(RequestRecorder.class);

    private static final Duration MAX_WAIT = Duration.ofMillis(300);

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private final LedgerWriter writer;
    private final LedgerAvailability availability;
    private final Recorder recorder;
    private final Lifecycle lifecycle;
    private final PostponedWrites postponed;
    private final CancellationMetrics metrics;
    private final Ticker ticker;

    RequestRecorder(
            LedgerWriter writer,
            LedgerAvailability availability,
            Recorder recorder,
            Lifecycle lifecycle,
            PostponedWrites postponed,
            CancellationMetrics metrics,
            Ticker ticker) {
        this.writer = writer;
        this.availability = availability;
        this.recorder = recorder;
        this.lifecycle = lifecycle;
        this.postponed = postponed;
        this.metrics = metrics;
        this.ticker = ticker;
    }

    /** Records the intent of a synchronous request. If the ledger does not take it in time, the request goes on. */
    Recording begin(Intent intent, Deadline deadline) {
        if (!availability.available()) {
            return unrecorded(intent, null);
        }
        PendingWrite<OpenedRequest> write = writer.open(intent);
        Duration wait = shorter(deadline.left(), MAX_WAIT);
        long begun = ticker.nanos();
        try {
            OpenedRequest opened = write.await(wait);
            availability.succeeded();
            return new Recording.Committed(opened);
        } catch (LedgerTimeoutException e) {
            noteTimeout(write, wait, begun);
            return unrecorded(intent, write);
        } catch (RuntimeException e) {
            noteFailure(write, e);
            return unrecorded(intent, null);
        }
    }

    /**
     * Records an asynchronous request, and waits for the commit until the deadline.
     *
     * @throws io.cancelgateway.problem.ProblemException {@code ledger_unavailable}; the request may be committed all
     *     the same, later
     * @throws RuntimeException if the write failed for another reason
     */
    OpenedRequest require(Intent intent, Deadline deadline) {
        requireAvailable();
        PendingWrite<OpenedRequest> write = writer.open(intent);
        Duration wait = deadline.left();
        long begun = ticker.nanos();
        try {
            OpenedRequest opened = write.await(wait);
            availability.succeeded();
            return opened;
        } catch (LedgerTimeoutException e) {
            noteTimeout(write, wait, begun);
            throw unavailable(
                    "The ledger did not record the request in time; it may be recorded, and delivered, later.");
        } catch (RuntimeException e) {
            noteFailure(write, e);
            throw e;
        }
    }

    /** @throws io.cancelgateway.problem.ProblemException {@code ledger_unavailable} if there is no sense in trying */
    void requireAvailable() {
        if (!availability.available()) {
            throw unavailable("The ledger's database does not answer.");
        }
    }

    private static RuntimeException unavailable(String message) {
        return Problem.of(ProblemType.LEDGER_UNAVAILABLE, message)
                .withRetryAfter(RETRY_AFTER)
                .toException();
    }

    private Recording unrecorded(Intent intent, @Nullable PendingWrite<OpenedRequest> write) {
        metrics.unrecorded();
        return new Recording.Pending(intent, Optional.ofNullable(write));
    }

    /** Records the result. The caller gets its answer after 300 ms at the latest, whether that is committed or not. */
    void end(Recording recording, CancelResult result) {
        switch (recording) {
            case Recording.Committed(OpenedRequest opened) -> end(opened, result);
            case Recording.Pending(Intent intent, Optional<PendingWrite<OpenedRequest>> write) ->
                write.ifPresentOrElse(
                        late -> late.whenEnded(opened -> begin(opened, result), _ -> postponed.add(intent, result)),
                        () -> postponed.add(intent, result));
        }
    }

    private void end(OpenedRequest opened, CancelResult result) {
        boolean worthWaiting = availability.available();
        PendingWrite<Effect> write = begin(opened, result);
        if (!worthWaiting) {
            return;
        }
        long begun = ticker.nanos();
        try {
            write.await(MAX_WAIT);
            availability.succeeded();
        } catch (LedgerTimeoutException e) {
            noteTimeout(write, MAX_WAIT, begun);
            log.warn("The result of {} is not committed yet; the caller gets the answer now", opened);
        } catch (RuntimeException e) {
            noteFailure(write, e);
        }
    }

    private PendingWrite<Effect> begin(OpenedRequest opened, CancelResult result) {
        Change change = lifecycle.answered(opened, result);
        PendingWrite<Effect> write = recorder.begin(change);
        write.whenEnded(_ -> {}, _ -> postponed.add(change));
        return write;
    }

    /** A wait that was cut short by the deadline, or by an interrupt, says nothing about the database. */
    private void noteTimeout(PendingWrite<?> write, Duration wait, long begun) {
        boolean waitedInFull =
                wait.compareTo(MAX_WAIT) >= 0 && !Thread.currentThread().isInterrupted();
        // nor does the lock of another request
        if (waitedInFull && !write.behindOthers()) {
            availability.failed(begun);
        }
    }

    private void noteFailure(PendingWrite<?> write, RuntimeException e) {
        if (!Problems.isLedgerFailure(e)) {
            log.error("A request could not be recorded", e);
        } else if (!write.behindOthers() && !(e instanceof LedgerBusyException)) {
            availability.failed(e);
        }
    }

    private static Duration shorter(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }
}
