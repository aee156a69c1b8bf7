package io.cancelgateway.cancellation;

import io.cancelgateway.ledger.CancellationKey;
import io.cancelgateway.ledger.CancellationState;
import io.cancelgateway.ledger.Change;
import io.cancelgateway.ledger.Effect;
import io.cancelgateway.ledger.FollowedCancellation;
import io.cancelgateway.tenant.Tenant;
import io.cancelgateway.tenant.TenantId;
import io.cancelgateway.twelvelabs.Answer;
import io.cancelgateway.twelvelabs.BatchId;
import io.cancelgateway.twelvelabs.CancelResult;
import io.cancelgateway.twelvelabs.RefusalReason;
import io.cancelgateway.twelvelabs.TwelveLabs;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Delivers an asynchronous cancel, then polls the batch of a cancellation until its end is known, and decides when to
 * come back. {@link Lifecycle} decides what a delivery or a poll means. A synchronous cancel is never sent again.
 */
class FollowUp {

    private static final Logger log = LoggerFactory.getLogger(FollowUp.class);

    /**
     * A batch expires 24 hours after its creation (TwelveLabs API reference), which was before its cancel was
     * requested.
     */
    private static final Duration EXPIRY = Duration.ofHours(24);

    /** How much longer a batch is polled if polls got no answer when it expired. */
    private static final Duration GRACE = Duration.ofHours(1);

    private static final Duration MAX_RETRY_AFTER = Duration.ofMinutes(5);

    /** A refused key is tried again, but not often. */
    private static final Duration REFUSED_KEY_DELAY = Duration.ofMinutes(15);

    /** When a delivery comes back that found its tenant's threads taken. */
    private static final Duration NEXT_TURN = Duration.ofSeconds(1);

    private final Records records;
    private final Lifecycle lifecycle;
    private final TwelveLabs twelveLabs;
    private final Function<TenantId, Optional<Tenant>> tenants;
    private final Clock clock;
    private final PollDelay pollDelay;
    private final TenantShares shares;
    private final Predicate<CancellationKey> watched;
    private final Consumer<Poll> polls;
    private final RequestTraces traces;

    /** How the turn of a follow-up that polls ended. */
    enum Poll {
        /** The batch was seen, and its cancellation has not ended. */
        RUNNING,
        /** The cancellation has ended. */
        ENDED,
        /** There was no answer about the batch, or it could not be used or recorded. */
        UNANSWERED,
        /** Nothing was sent: somebody else asks, the tenant has no usable key, or its share of the threads is taken. */
        SKIPPED;

        /** The word in the meter's tag. */
        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * @param polls is told of each poll
     * @param watched whether callers wait for this batch, so that it is polled for them
     */
    FollowUp(
            Records records,
            Lifecycle lifecycle,
            TwelveLabs twelveLabs,
            Function<TenantId, Optional<Tenant>> tenants,
            Clock clock,
            PollDelay pollDelay,
            TenantShares shares,
            Predicate<CancellationKey> watched,
            Consumer<Poll> polls,
            RequestTraces traces) {
        this.records = records;
        this.lifecycle = lifecycle;
        this.twelveLabs = twelveLabs;
        this.tenants = tenants;
        this.clock = clock;
        this.pollDelay = pollDelay;
        this.shares = shares;
        this.watched = watched;
        this.polls = polls;
        this.traces = traces;
    }

    /** The ledger, as far as a follow-up needs it. */
    interface Records {

        /** The cancellation, or empty if it is gone, or was started again since this life. */
        Optional<FollowedCancellation> find(long id, int life);

        /** Commits a change, counts its effect, and returns that. */
        Effect record(Change change);
    }

    /**
     * Delivers or polls once.
     *
     * @return the delay before the next time, or empty if the follow-up is over: the cancellation has ended, is gone,
     *     or was started again
     * @throws DeliveryNotRecordedException if the result of a delivery could not be recorded
     */
    Optional<Duration> run(long id, int life) {
        return records.find(id, life)
                .filter(followed -> !followed.state().terminal())
                .flatMap(this::inItsShare);
    }

    /** One tenant whose account is slow must not take all of the scheduler's threads. */
    private Optional<Duration> inItsShare(FollowedCancellation followed) {
        TenantId tenant = followed.key().tenant();
        if (!shares.tryAcquire(tenant)) {
            if (Lifecycle.toBeDelivered(followed)) {
                // not by its age: it must go on soon once others of its tenant are through
                return Optional.of(pollDelay.jittered(NEXT_TURN));
            }
            polls.accept(Poll.SKIPPED);
            return Optional.of(delay(followed));
        }
        try {
            return Lifecycle.toBeDelivered(followed) ? deliver(followed) : tryToPoll(followed);
        } finally {
            shares.release(tenant);
        }
    }

    private Optional<Duration> deliver(FollowedCancellation followed) {
        if (!clock.instant().isBefore(followed.startedAt().plus(EXPIRY))) {
            return giveUp(followed);
        }
        Optional<Tenant> tenant = tenants.apply(followed.key().tenant());
        if (tenant.isEmpty()) {
            return Optional.of(pollDelay.jittered(REFUSED_KEY_DELAY));
        }
        return traces.linked("deliver cancel", followed, () -> deliver(followed, tenant.get()));
    }

    private Optional<Duration> deliver(FollowedCancellation followed, Tenant tenant) {
        CancelResult result;
        try {
            result = twelveLabs.deliver(
                    tenant, new BatchId(followed.key().batchId()), followed.ambiguous() || followed.underWay());
            Optional<Change> change = lifecycle.delivered(followed, result);
            if (change.isPresent() && record(followed, change.get()).ended()) {
                return Optional.empty();
            }
        } catch (RuntimeException e) {
            throw new DeliveryNotRecordedException(e);
        }
        return Optional.of(
                switch (result.answer()) {
                    case Answer.KeyRejected _ ->
                        // its key may have changed while the old one was being refused
                        tenants.apply(followed.key().tenant()).equals(Optional.of(tenant))
                                ? pollDelay.jittered(REFUSED_KEY_DELAY)
                                : delay(followed);
                    case Answer.RateLimited(Duration retryAfter, RefusalReason _) ->
                        delay(followed).plus(capped(retryAfter));
                    case Answer.Unavailable(Duration retryAfter, RefusalReason _) ->
                        delay(followed).plus(capped(retryAfter));
                    case Answer.Failed(String _, Duration retryAfter) ->
                        delay(followed).plus(capped(retryAfter));
                    default -> delay(followed);
                });
    }

    /** The cancel was sent, or may have been, and the ledger does not know. */
    static final class DeliveryNotRecordedException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        private DeliveryNotRecordedException(RuntimeException cause) {
            super("The result of a delivery could not be recorded", cause);
        }
    }

    /** Treats a failure like a poll without an answer, so that it is not repeated for ever. */
    private Optional<Duration> tryToPoll(FollowedCancellation followed) {
        try {
            Polled polled = poll(followed);
            polls.accept(polled.result());
            return polled.delay();
        } catch (RuntimeException e) {
            log.error("A poll failed; batch {} is polled again until it has expired", followed.key(), e);
            polls.accept(Poll.UNANSWERED);
            return unanswered(followed, null);
        }
    }

    /** How a poll ended, and the delay before the next; empty if the follow-up is over. */
    private record Polled(Poll result, Optional<Duration> delay) {}

    private Polled poll(FollowedCancellation followed) {
        if (isRequestUnderWay(followed) || watched.test(followed.key())) {
            return new Polled(Poll.SKIPPED, Optional.of(delay(followed)));
        }
        Optional<Tenant> tenant = tenants.apply(followed.key().tenant());
        if (tenant.isEmpty()) {
            // a tenant that was removed may come back
            return new Polled(Poll.SKIPPED, unanswered(followed, null));
        }
        return traces.linked("poll batch", followed, () -> poll(followed, tenant.get()));
    }

    private Polled poll(FollowedCancellation followed, Tenant tenant) {
        Answer answer = twelveLabs.poll(tenant, new BatchId(followed.key().batchId()));
        Optional<Change> change = lifecycle.polled(followed, answer);
        if (change.isEmpty()) {
            Poll result = answer instanceof Answer.Found || answer instanceof Answer.NotFound
                    ? Poll.RUNNING
                    : Poll.UNANSWERED;
            return new Polled(result, pollAgainAfter(followed, answer));
        }
        // not ended: the change was an acceptance, or a new request joined meanwhile
        return record(followed, change.get()).ended()
                ? new Polled(Poll.ENDED, Optional.empty())
                : new Polled(Poll.RUNNING, Optional.of(delay(followed)));
    }

    private Optional<Duration> pollAgainAfter(FollowedCancellation followed, Answer answer) {
        return switch (answer) {
            // answered, and the cancellation has not ended
            case Answer.Found _, Answer.NotFound _ -> pollAgainOrGiveUp(followed, delay(followed), EXPIRY);
            case Answer.KeyRejected() -> pollAgainOrGiveUp(followed, pollDelay.jittered(REFUSED_KEY_DELAY), EXPIRY);
            case Answer.RateLimited(Duration retryAfter, RefusalReason _) -> unanswered(followed, retryAfter);
            case Answer.Unavailable(Duration retryAfter, RefusalReason _) -> unanswered(followed, retryAfter);
            case Answer.Failed(String _, Duration retryAfter) -> unanswered(followed, retryAfter);
            case Answer.Accepted _, Answer.Invalid _, Answer.AlreadyTerminal _, Answer.DeadlineExceeded _ ->
                unanswered(followed, null);
        };
    }

    /** The poll was not answered. That says nothing about the batch, so it is polled a little longer. */
    private Optional<Duration> unanswered(FollowedCancellation followed, @Nullable Duration retryAfter) {
        return pollAgainOrGiveUp(followed, delay(followed).plus(capped(retryAfter)), EXPIRY.plus(GRACE));
    }

    /** A longer Retry-After is cut to 5 minutes, as for a pause. */
    private static Duration capped(@Nullable Duration retryAfter) {
        Duration more = retryAfter == null ? Duration.ZERO : retryAfter;
        return more.compareTo(MAX_RETRY_AFTER) < 0 ? more : MAX_RETRY_AFTER;
    }

    /** The longest delay between two polls that met no refused key. */
    static Duration longestDelay(Duration maxDelay) {
        return maxDelay.plus(MAX_RETRY_AFTER);
    }

    /** @param longest how long after its start or acceptance a cancellation is followed */
    private Optional<Duration> pollAgainOrGiveUp(FollowedCancellation followed, Duration delay, Duration longest) {
        @Nullable Instant accepted = followed.acceptedAt();
        // it may have been accepted in an earlier life
        Instant begin = accepted != null && accepted.isAfter(followed.startedAt()) ? accepted : followed.startedAt();
        if (clock.instant().isBefore(begin.plus(longest))) {
            return Optional.of(delay);
        }
        return giveUp(followed);
    }

    private Optional<Duration> giveUp(FollowedCancellation followed) {
        log.warn(
                "Batch {} has expired; its cancel was not delivered before, or its end could not be learned",
                followed.key());
        // not ended: a request joined meanwhile
        return record(followed, lifecycle.giveUp(followed)).ended() ? Optional.empty() : Optional.of(delay(followed));
    }

    /** In the trace of the request, so that the log of its end can be found by that. */
    private Effect record(FollowedCancellation followed, Change change) {
        return traces.inTraceOf(followed, () -> records.record(change));
    }

    /** Whether a request is under way that may still be answered: its answer makes a poll needless. */
    private boolean isRequestUnderWay(FollowedCancellation followed) {
        return followed.state() == CancellationState.REQUESTED
                && followed.underWay()
                && clock.instant().isBefore(followed.deadline());
    }

    private Duration delay(FollowedCancellation followed) {
        return pollDelay.after(Duration.between(followed.startedAt(), clock.instant()));
    }
}
