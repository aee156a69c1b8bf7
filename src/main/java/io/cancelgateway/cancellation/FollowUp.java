package io.cancelgateway.cancellation;

import io.cancelgateway.ledger.CancellationState;
import io.cancelgateway.ledger.Change;
import io.cancelgateway.ledger.Effect;
import io.cancelgateway.ledger.FollowedCancellation;
import io.cancelgateway.tenant.Tenant;
import io.cancelgateway.tenant.TenantId;
import io.cancelgateway.twelvelabs.Answer;
import io.cancelgateway.twelvelabs.BatchId;
import io.cancelgateway.twelvelabs.TwelveLabs;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Polls the batch of a cancellation until its end is known, and decides when to poll next. {@link Lifecycle} decides
 * what a poll means. A follow-up never sends a cancel.
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

    private final Records records;
    private final Lifecycle lifecycle;
    private final TwelveLabs twelveLabs;
    private final Function<TenantId, Optional<Tenant>> tenants;
    private final Clock clock;
    private final PollDelay pollDelay;

    FollowUp(
            Records records,
            Lifecycle lifecycle,
            TwelveLabs twelveLabs,
            Function<TenantId, Optional<Tenant>> tenants,
            Clock clock,
            PollDelay pollDelay) {
        this.records = records;
        this.lifecycle = lifecycle;
        this.twelveLabs = twelveLabs;
        this.tenants = tenants;
        this.clock = clock;
        this.pollDelay = pollDelay;
    }

    /** The ledger, as far as a follow-up needs it. */
    interface Records {

        /** The cancellation, or empty if it is gone, or was started again since this life. */
        Optional<FollowedCancellation> find(long id, int life);

        /** Commits a change, counts its effect, and returns that. */
        Effect record(Change change);
    }

    /**
     * Polls once.
     *
     * @return the delay before the next poll, or empty if the follow-up is over: the cancellation has ended, is gone,
     *     or was started again
     */
    Optional<Duration> run(long id, int life) {
        return records.find(id, life)
                .filter(followed -> !followed.state().terminal())
                .flatMap(this::tryToPoll);
    }

    /** Treats a failure like a poll without an answer, so that it is not repeated for ever. */
    private Optional<Duration> tryToPoll(FollowedCancellation followed) {
        try {
            return poll(followed);
        } catch (RuntimeException e) {
            log.error("A poll failed; batch {} is polled again until it has expired", followed.key(), e);
            return unanswered(followed, null);
        }
    }

    private Optional<Duration> poll(FollowedCancellation followed) {
        if (isRequestUnderWay(followed)) {
            return Optional.of(delay(followed));
        }
        Optional<Tenant> tenant = tenants.apply(followed.key().tenant());
        if (tenant.isEmpty()) {
            return unanswered(followed, null); // a tenant that was removed may come back
        }
        Answer answer = twelveLabs.poll(tenant.get(), new BatchId(followed.key().batchId()));
        Optional<Change> change = lifecycle.polled(followed, answer);
        if (change.isEmpty()) {
            return pollAgainAfter(followed, answer);
        }
        // not ended: the change was an acceptance, or a new request joined meanwhile
        return records.record(change.get()).ended() ? Optional.empty() : Optional.of(delay(followed));
    }

    private Optional<Duration> pollAgainAfter(FollowedCancellation followed, Answer answer) {
        return switch (answer) {
            // answered, and the cancellation has not ended
            case Answer.Found _, Answer.NotFound _ -> pollAgainOrGiveUp(followed, delay(followed), EXPIRY);
            case Answer.KeyRejected() -> pollAgainOrGiveUp(followed, pollDelay.jittered(REFUSED_KEY_DELAY), EXPIRY);
            case Answer.RateLimited(Duration retryAfter) -> unanswered(followed, retryAfter);
            case Answer.Unavailable(Duration retryAfter) -> unanswered(followed, retryAfter);
            case Answer.Failed(String _, Duration retryAfter) -> unanswered(followed, retryAfter);
            case Answer.Accepted _, Answer.Invalid _, Answer.AlreadyTerminal _, Answer.DeadlineExceeded _ ->
                unanswered(followed, null);
        };
    }

    /** The poll was not answered. That says nothing about the batch, so it is polled a little longer. */
    private Optional<Duration> unanswered(FollowedCancellation followed, @Nullable Duration retryAfter) {
        Duration more = retryAfter == null ? Duration.ZERO : retryAfter;
        // a longer Retry-After is cut to 5 minutes, as for a pause
        Duration capped = more.compareTo(MAX_RETRY_AFTER) < 0 ? more : MAX_RETRY_AFTER;
        return pollAgainOrGiveUp(followed, delay(followed).plus(capped), EXPIRY.plus(GRACE));
    }

    /** @param longest how long after its start or acceptance a cancellation is followed */
    private Optional<Duration> pollAgainOrGiveUp(FollowedCancellation followed, Duration delay, Duration longest) {
        @Nullable Instant accepted = followed.acceptedAt();
        // it may have been accepted in an earlier life
        Instant begin = accepted != null && accepted.isAfter(followed.startedAt()) ? accepted : followed.startedAt();
        if (clock.instant().isBefore(begin.plus(longest))) {
            return Optional.of(delay);
        }
        log.warn(
                "The end of batch {} could not be learned before it expired; its cancellation ends as unconfirmed",
                followed.key());
        records.record(lifecycle.giveUp(followed));
        return Optional.empty();
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
