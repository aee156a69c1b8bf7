package io.cancelgateway.twelvelabs;

import io.cancelgateway.platform.Sleeper;
import io.cancelgateway.tenant.Tenant;
import io.cancelgateway.tenant.Tenants;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One call to the upstream, over all its attempts: it retries, replaces a connection that turned out to be dead, and
 * finds out what a cancel did whose answer got lost. Used once, by one thread.
 */
final class Call {

    private static final Logger log = LoggerFactory.getLogger(Call.class);

    /**
     * What all calls share.
     *
     * @param attemptTimeout how long one attempt may take, unless the deadline is sooner
     */
    record Collaborators(
            Attempts attempts, RetryDecision retry, Tenants tenants, Sleeper sleeper, Duration attemptTimeout) {}

    private final Attempts attempts;
    private final RetryDecision retry;
    private final Tenants tenants;
    private final Sleeper sleeper;
    private final Duration attemptTimeout;
    private final Lane lane;
    private final Priority priority;
    private final VendorRequest request;
    private final boolean unresolved;
    private final Deadline deadline;
    private int attemptsSoFar;
    private int made;
    private int sent;
    private boolean ambiguous;
    private boolean staleReplaced;

    /** With the newest key that this call knows. */
    private Tenant tenant;

    private boolean keyRenewed;

    /** @param unresolved of a cancel: whether an earlier one of its batch may have taken effect without an answer */
    Call(
            Collaborators collaborators,
            Lane lane,
            Priority priority,
            VendorRequest request,
            Tenant tenant,
            boolean unresolved,
            Deadline deadline) {
        this.attempts = collaborators.attempts();
        this.retry = collaborators.retry();
        this.tenants = collaborators.tenants();
        this.sleeper = collaborators.sleeper();
        this.attemptTimeout = collaborators.attemptTimeout();
        this.lane = lane;
        this.priority = priority;
        this.request = request;
        this.tenant = tenant;
        this.unresolved = unresolved;
        this.deadline = deadline;
    }

    /** Makes attempts until one is final or the deadline leaves no time for another. An interrupt ends the call. */
    Answer withRetries() {
        lane.budget().countRequest();
        try {
            return conclude(retrying());
        } catch (InterruptedException e) {
            return interrupted();
        }
    }

    /** As {@link #withRetries}, for a request that lists batches. */
    Listing listWithRetries() {
        lane.budget().countRequest();
        try {
            return switch (retrying()) {
                case Step.Made(Attempt.Success(BatchPage page)) -> new Listing.Page(page);
                case Step last -> new Listing.Failed(conclude(last));
            };
        } catch (InterruptedException e) {
            return new Listing.Failed(interrupted());
        }
    }

    /** Makes one attempt, or none where something is in its way now. An interrupt ends the call. */
    Answer once() {
        try {
            return conclude(step(request));
        } catch (InterruptedException e) {
            return interrupted();
        }
    }

    private static Answer interrupted() {
        Thread.currentThread().interrupt();
        return new Answer.DeadlineExceeded();
    }

    /** How many cancels were sent so far. */
    int sent() {
        return sent;
    }

    /** Whether one of the cancels may have taken effect without an answer. */
    boolean ambiguous() {
        return ambiguous;
    }

    /** The last step: a final attempt, or what is in the way of another one. */
    private Step retrying() throws InterruptedException {
        while (true) {
            if (deadline.reached()) {
                return new Step.OutOfTime();
            }
            Step step = step(request);
            switch (step) {
                case Step.Paused paused -> {
                    Optional<Duration> wait = retry.withJitter(paused.left(), deadline);
                    if (wait.isEmpty()) {
                        return step;
                    }
                    sleeper.sleep(wait.get());
                }
                case Step.NotMade _ -> {
                    return step;
                }
                case Step.Made(Attempt attempt) -> {
                    made++;
                    Optional<Duration> wait = retry.delayBeforeRetry(attempt, made, deadline, lane.budget());
                    if (wait.isEmpty()) {
                        return step;
                    }
                    log.debug("Attempt {} to {} failed, next in {}", made, request, wait.get());
                    sleeper.sleep(wait.get());
                }
            }
        }
    }

    /**
     * Makes the attempt, and another one at once in two cases, each of which says nothing about the upstream: the
     * connection had died while it was idle, or the key has been replaced. The first happens once for the cancel and
     * once for the retrieve, the second once for the call. What comes after that is a failure like any other.
     */
    private Step step(VendorRequest what) throws InterruptedException {
        Step step = attempt(what);
        while (step instanceof Step.Made(Attempt attempt) && isRepeatedAtOnce(attempt)) {
            step = attempt(what);
        }
        return step;
    }

    private boolean isRepeatedAtOnce(Attempt attempt) {
        if (attempt.stale() && !staleReplaced && !deadline.reached()) {
            staleReplaced = true;
            return true;
        }
        if (attempt instanceof Attempt.ErrorStatus error && error.status() == 401) {
            return renewKey();
        }
        return false;
    }

    /** Whether the tenant has another key by now. If not, it is noted that this one was refused. */
    private boolean renewKey() {
        Optional<Tenant> renewed = keyRenewed || deadline.reached() ? Optional.empty() : tenants.renewed(tenant);
        if (renewed.isEmpty()) {
            tenants.keyRejected(tenant);
            return false;
        }
        keyRenewed = true;
        tenant = renewed.get();
        return true;
    }

    private Step attempt(VendorRequest what) throws InterruptedException {
        Step step = lane.attempt(priority, deadline, () -> send(what));
        if (step instanceof Step.Made(Attempt attempt)) {
            if (what instanceof VendorRequest.Cancel) {
                sent += attempt instanceof Attempt.NotSent ? 0 : 1;
                ambiguous |= attempt.ambiguous();
            }
        }
        return step;
    }

    /** A pause begins while the permit is still held, so that who waits for a permit meets the pause. */
    private Attempt send(VendorRequest what) {
        Attempt attempt = attempts.send(what, tenant.key(), ++attemptsSoFar, deadline.cut(attemptTimeout));
        noteKeyAndPause(attempt);
        return attempt;
    }

    /** What the response says about the tenant: whether its key was taken, and for how long its calls must pause. */
    private void noteKeyAndPause(Attempt attempt) {
        switch (attempt) {
            case Attempt.Success _ -> tenants.keyAccepted(tenant);
            case Attempt.ErrorStatus error -> {
                switch (error.status()) {
                    case 403 -> tenants.keyRejected(tenant);
                    // these are about the batch, so the key was taken
                    case 404, 409 -> tenants.keyAccepted(tenant);
                    case 429 -> retry.retryAfter(error).ifPresent(this::pause);
                    default -> {}
                }
            }
            default -> {}
        }
    }

    private void pause(Duration retryAfter) {
        if (lane.pause().extend(retryAfter)) {
            log.atInfo()
                    .addKeyValue("tenant", tenant.id())
                    .addKeyValue("retry_after_ms", retryAfter.toMillis())
                    .log("The upstream limits the rate of tenant {}: its calls pause for {}", tenant.id(), retryAfter);
        }
    }

    private Answer conclude(Step last) throws InterruptedException {
        return switch (last) {
            case Step.NotMade notMade -> Answers.of(notMade);
            case Step.Made(Attempt attempt) -> conclude(attempt);
        };
    }

    /** The answer after the last attempt. A cancel that may have taken effect is reconciled first. */
    private Answer conclude(Attempt last) throws InterruptedException {
        Answer answer = Answers.of(
                request.operation(),
                last,
                deadline.reached(),
                retry.retryAfter(last),
                lane.pause().retryAfter());
        return request instanceof VendorRequest.Cancel(BatchId batch) && mayHaveTakenEffect(last, answer)
                ? reconcile(batch, answer)
                : answer;
    }

    private boolean mayHaveTakenEffect(Attempt last, Answer answer) {
        return switch (answer) {
            // a complete 2xx that cannot be read: the cancel was accepted, most likely
            case Answer.Failed _ -> last instanceof Attempt.Unreadable;
            // canceled already, perhaps by an attempt whose answer got lost, of this request or an earlier one
            case Answer.AlreadyTerminal(VendorError error) ->
                (ambiguous || unresolved) && error.code().equals(VendorError.BATCH_CANCELED);
            default -> false;
        };
    }

    /** Retrieves the batch once to see what became of it. The answer stays as it is where that fails. */
    private Answer reconcile(BatchId batch, Answer answer) throws InterruptedException {
        if (deadline.reached()) {
            return answer;
        }
        staleReplaced = false; // the retrieve is a request of its own
        return step(new VendorRequest.Retrieve(batch)) instanceof Step.Made(Attempt.Success(Batch found))
                ? Answers.reconciled(answer, found)
                : answer;
    }
}
