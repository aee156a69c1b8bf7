package io.cancelgateway.twelvelabs;

import io.cancelgateway.platform.Sleeper;
import io.cancelgateway.platform.Ticker;
import io.cancelgateway.tenant.Tenant;
import io.cancelgateway.tenant.Tenants;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the upstream over HTTP: gets through within the deadline, or knows why not and when to come back. */
class HttpTwelveLabs implements TwelveLabs {

    private static final Logger log = LoggerFactory.getLogger(HttpTwelveLabs.class);

    /** What the caller is told to wait where nobody knows better. */
    private static final Duration RETRY_AFTER_UNKNOWN = Duration.ofSeconds(1);

    private final Attempts attempts;
    private final Lanes lanes;
    private final Breaker upstreamBreaker;
    private final RetryDecision retry;
    private final UpstreamProperties properties;
    private final Tenants tenants;
    private final Ticker ticker;
    private final Sleeper sleeper;

    HttpTwelveLabs(
            Attempts attempts,
            Lanes lanes,
            Breaker upstreamBreaker,
            RetryDecision retry,
            UpstreamProperties properties,
            Tenants tenants,
            Ticker ticker,
            Sleeper sleeper) {
        this.attempts = attempts;
        this.lanes = lanes;
        this.upstreamBreaker = upstreamBreaker;
        this.retry = retry;
        this.properties = properties;
        this.tenants = tenants;
        this.ticker = ticker;
        this.sleeper = sleeper;
    }

    @Override
    public CancelResult cancel(Tenant tenant, BatchId batch, boolean unresolved, Deadline deadline) {
        Request request = new Request(Operation.CANCEL, tenant, batch, unresolved, deadline);
        return new CancelResult(request.answer(), request.sent, request.ambiguous);
    }

    @Override
    public Answer retrieve(Tenant tenant, BatchId batch) {
        return new Request(Operation.RETRIEVE, tenant, batch, false, startDeadline()).answer();
    }

    @Override
    public Answer poll(Tenant tenant, BatchId batch) {
        return new Request(Operation.RETRIEVE, tenant, batch, false, startDeadline()).poll();
    }

    @Override
    public Deadline startDeadline() {
        return Deadline.after(properties.deadline(), ticker);
    }

    @Override
    public Duration longestPoll() {
        // the second attempt is the one that replaces a stale connection
        Duration attempts = properties.attemptTimeout().multipliedBy(2);
        return attempts.compareTo(properties.deadline()) < 0 ? attempts : properties.deadline();
    }

    @Override
    public Optional<DoorRefusal> refusal(Tenant tenant, Deadline deadline) {
        Lane lane = lanes.of(tenant.id());
        if (!deadline.allows(lane.pause().left())) {
            return Optional.of(new DoorRefusal(DoorRefusal.Reason.PAUSED, paused(lane)));
        }
        Optional<Duration> tenantOpen = lane.breaker().openFor();
        if (tenantOpen.isPresent()) {
            return Optional.of(
                    new DoorRefusal(DoorRefusal.Reason.TENANT_BREAKER, new Answer.Unavailable(tenantOpen.get())));
        }
        Optional<Duration> upstreamOpen = upstreamBreaker.openFor();
        if (upstreamOpen.isPresent()) {
            return Optional.of(
                    new DoorRefusal(DoorRefusal.Reason.UPSTREAM_BREAKER, new Answer.Unavailable(upstreamOpen.get())));
        }
        return lane.overcrowded()
                ? Optional.of(new DoorRefusal(DoorRefusal.Reason.BULKHEAD, new Answer.RateLimited(RETRY_AFTER_UNKNOWN)))
                : Optional.empty();
    }

    private static Answer paused(Lane lane) {
        return new Answer.RateLimited(longer(lane.pause().retryAfter(), RETRY_AFTER_UNKNOWN));
    }

    /** One caller's request, over all its attempts. */
    private final class Request {

        private final Operation operation;
        private final Tenant tenant;
        private final BatchId batch;
        private final Lane lane;
        private final boolean unresolved;
        private final Deadline deadline;
        private int made;
        private int sent;
        private boolean ambiguous;
        private boolean staleReplaced;

        Request(Operation operation, Tenant tenant, BatchId batch, boolean unresolved, Deadline deadline) {
            this.operation = operation;
            this.tenant = tenant;
            this.batch = batch;
            this.unresolved = unresolved;
            this.deadline = deadline;
            this.lane = lanes.of(tenant.id());
        }

        Answer answer() {
            lane.budget().countRequest();
            try {
                return retrying();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return new Answer.DeadlineExceeded();
            }
        }

        /** The answer from one attempt, or from none where somebody else is before us. */
        Answer poll() {
            try {
                Step step = replacingStale(operation, () -> lane.afterOthers(() -> pastPauseAndBreakers(operation)));
                return switch (step) {
                    case Step.Paused() -> paused(lane);
                    case Step.BulkheadFull() -> new Answer.RateLimited(RETRY_AFTER_UNKNOWN);
                    case Step.BreakerOpen(Duration retryAfter) -> new Answer.Unavailable(retryAfter);
                    case Step.Made(Attempt attempt) -> conclude(attempt);
                };
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return new Answer.DeadlineExceeded();
            }
        }

        private Answer retrying() throws InterruptedException {
            while (true) {
                if (deadline.reached()) {
                    return new Answer.DeadlineExceeded();
                }
                switch (step(operation)) {
                    case Step.Paused() -> {
                        Optional<Duration> wait = retry.fitting(lane.pause().left(), deadline);
                        if (wait.isEmpty()) {
                            return paused(lane);
                        }
                        sleeper.sleep(wait.get());
                    }
                    case Step.BulkheadFull() -> {
                        return new Answer.RateLimited(RETRY_AFTER_UNKNOWN);
                    }
                    case Step.BreakerOpen(Duration retryAfter) -> {
                        return new Answer.Unavailable(retryAfter);
                    }
                    case Step.Made(Attempt attempt) -> {
                        made++;
                        Optional<Duration> wait = retry.next(attempt, made, deadline, lane.budget());
                        if (wait.isEmpty()) {
                            return conclude(attempt);
                        }
                        log.debug("Attempt {} at batch {} failed, next in {}", made, batch, wait.get());
                        sleeper.sleep(wait.get());
                    }
                }
            }
        }

        /** In this order: deadline, (retry), bulkhead, pause, tenant's breaker, upstream's breaker, attempt. */
        private Step step(Operation what) throws InterruptedException {
            return replacingStale(what, () -> lane.bulkhead(deadline, () -> pastPauseAndBreakers(what)));
        }

        /**
         * Makes the attempt, and at once another one if the connection had died while it was idle: it died of old age,
         * which says nothing about the upstream. Once for each request; a second such death is a failure like any.
         */
        private Step replacingStale(Operation what, Go go) throws InterruptedException {
            Step step = go.go();
            note(what, step);
            if (step instanceof Step.Made(Attempt attempt)
                    && attempt.stale()
                    && !staleReplaced
                    && !deadline.reached()) {
                staleReplaced = true;
                step = go.go();
                note(what, step);
            }
            return step;
        }

        private void note(Operation what, Step step) {
            if (!(step instanceof Step.Made(Attempt attempt))) {
                return;
            }
            note(attempt);
            if (what == Operation.CANCEL) {
                sent += attempt instanceof Attempt.NotSent ? 0 : 1;
                ambiguous |= attempt.ambiguous();
            }
        }

        private Step pastPauseAndBreakers(Operation what) {
            return lane.unlessPaused(() -> lane.breaker()
                    .guard(() -> upstreamBreaker.guard(() -> new Step.Made(
                            attempts.send(what, tenant.key(), batch, deadline.cut(properties.attemptTimeout()))))));
        }

        private void note(Attempt attempt) {
            switch (attempt) {
                case Attempt.Success _ -> tenants.keyAccepted(tenant);
                case Attempt.ErrorStatus error -> {
                    switch (error.status()) {
                        case 401, 403 -> tenants.keyRejected(tenant);
                        // answers about the batch: the key was taken
                        case 404, 409 -> tenants.keyAccepted(tenant);
                        case 429 -> retry.retryAfter(attempt).ifPresent(lane.pause()::extend);
                        default -> {}
                    }
                }
                default -> {}
            }
        }

        /** The answer to the caller, from the attempt that was the last. */
        private Answer conclude(Attempt last) throws InterruptedException {
            return switch (last) {
                case Attempt.Success(Batch found) ->
                    operation == Operation.CANCEL ? new Answer.Accepted(found) : new Answer.Found(found);
                case Attempt.NotSent notSent ->
                    notSent.outOfTime() || deadline.reached()
                            ? new Answer.DeadlineExceeded()
                            : failed("not reachable, " + notSent.cause().words(), last);
                case Attempt.TimedOut() -> new Answer.DeadlineExceeded();
                case Attempt.Reset _ -> failed("it ended the connection", last);
                case Attempt.Unreadable(int status) ->
                    afterUnreadable(failed("unreadable with status " + status, last));
                case Attempt.ErrorStatus error -> refusal(error);
            };
        }

        private Answer refusal(Attempt.ErrorStatus error) throws InterruptedException {
            return switch (error.status()) {
                case 400 ->
                    new Answer.Invalid(
                            said(error, "parameter_invalid", "The upstream takes the request for malformed."));
                case 401, 403 -> new Answer.KeyRejected();
                case 404 -> new Answer.NotFound(said(error, "resource_not_exist", "The upstream has no such batch."));
                case 409 -> afterConflict(said(error, "conflict", "The batch is already terminal."));
                // another call of this tenant may have been told to wait for longer
                case 429 ->
                    new Answer.RateLimited(longer(
                            retry.retryAfter(error).orElse(RETRY_AFTER_UNKNOWN),
                            lane.pause().retryAfter()));
                default -> failed("status " + error.status(), error);
            };
        }

        private Answer.Failed failed(String why, Attempt last) {
            return new Answer.Failed(why, retry.retryAfter(last).orElse(null));
        }

        /** A batch that is canceled already was canceled by an earlier attempt, of this request or one before, if one may. */
        private Answer afterConflict(VendorError error) throws InterruptedException {
            Answer.AlreadyTerminal conflict = new Answer.AlreadyTerminal(error);
            if (!(ambiguous || unresolved) || !error.code().equals(VendorError.BATCH_CANCELED)) {
                return conflict;
            }
            return retrieveToReconcile()
                    .<Answer>map(found -> {
                        if (found.terminal()) {
                            return new Answer.Found(found);
                        }
                        return found.canceling() ? new Answer.Accepted(found) : conflict;
                    })
                    .orElse(conflict);
        }

        /** A complete success that cannot be read took effect, most likely: look instead of repeating it. */
        private Answer afterUnreadable(Answer.Failed unreadable) throws InterruptedException {
            if (operation != Operation.CANCEL) {
                return unreadable;
            }
            return retrieveToReconcile()
                    .<Answer>map(found -> {
                        if (found.canceled()) {
                            return new Answer.Found(found);
                        }
                        return found.canceling() ? new Answer.Accepted(found) : unreadable;
                    })
                    .orElse(unreadable);
        }

        /** Retrieves the batch, once; empty where that fails too. */
        private Optional<Batch> retrieveToReconcile() throws InterruptedException {
            if (deadline.reached()) {
                return Optional.empty();
            }
            return step(Operation.RETRIEVE) instanceof Step.Made(Attempt.Success(Batch found))
                    ? Optional.of(found)
                    : Optional.empty();
        }
    }

    /** One go at an attempt. */
    private interface Go {
        Step go() throws InterruptedException;
    }

    private static Duration longer(Duration a, Duration b) {
        return a.compareTo(b) > 0 ? a : b;
    }

    private static VendorError said(Attempt.ErrorStatus error, String code, String message) {
        @Nullable VendorError said = error.error();
        if (said == null) {
            return new VendorError(code, message);
        }
        return said.message().isBlank() ? new VendorError(said.code(), message) : said;
    }
}
