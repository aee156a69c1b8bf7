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
 * Polls the batch of a cancellation until its end is known, and decides when to poll next. {@link Lifecycle} decides what
 * a poll means. A cancel is never sent again behind a caller's back.
 */
class FollowUp {

    private static final Logger log = LoggerFactory.getLogger(FollowUp.class);

    /** A batch expires 24 hours after its creation, and was created before its cancel was requested. */
    private static final Duration LIFE_OF_A_BATCH = Duration.ofHours(24);

    /** How much longer a batch is polled that could not be polled at the end of its life. */
    private static final Duration GRACE = Duration.ofHours(1);

    private static final Duration MAX_RETRY_AFTER = Duration.ofMinutes(5);

    /** A key that is refused is tried again, but not as if nothing had happened. */
    private static final Duration BETWEEN_PROBES_OF_A_REFUSED_KEY = Duration.ofMinutes(15);

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

        /** A cancellation in one life of it; empty where it is gone, or was started again. */
        Optional<FollowedCancellation> find(long id, int life);

        /** Commits a change, counts what it did, and tells it. */
        Effect record(Change change);
    }

    /** Polls once; after how long to poll again, or empty where the cancellation has ended. */
    Optional<Duration> run(long id, int life) {
        return records.find(id, life)
                .filter(followed -> !followed.state().terminal())
                .flatMap(this::pollOrGiveUp);
    }

    /** A poll that always fails ends as one that is never answered: it must not be repeated for ever. */
    private Optional<Duration> pollOrGiveUp(FollowedCancellation followed) {
        try {
            return poll(followed);
        } catch (RuntimeException e) {
            log.error("A poll of batch {} failed; it is polled again until its life is over", followed.key(), e);
            return unanswered(followed, null);
        }
    }

    private Optional<Duration> poll(FollowedCancellation followed) {
        if (aCallerIsAtIt(followed)) {
            return Optional.of(delay(followed));
        }
        Optional<Tenant> tenant = tenants.apply(followed.key().tenant());
        if (tenant.isEmpty()) {
            return unanswered(followed, null); // a tenant that was removed may come back
        }
        Answer answer = twelveLabs.poll(tenant.get(), new BatchId(followed.key().batchId()));
        Optional<Change> change = lifecycle.polled(followed, answer);
        if (change.isEmpty()) {
            return next(followed, answer);
        }
        // one that did not end it: accepted after all, or a new request came in
        return records.record(change.get()).ended() ? Optional.empty() : Optional.of(delay(followed));
    }

    private Optional<Duration> next(FollowedCancellation followed, Answer answer) {
        return switch (answer) {
            case Answer.Found _, Answer.NotFound _ -> stillRuns(followed);
            case Answer.KeyRejected() ->
                goOn(followed, pollDelay.jittered(BETWEEN_PROBES_OF_A_REFUSED_KEY), LIFE_OF_A_BATCH);
            case Answer.RateLimited(Duration retryAfter) -> unanswered(followed, retryAfter);
            case Answer.Unavailable(Duration retryAfter) -> unanswered(followed, retryAfter);
            case Answer.Failed(String _, Duration retryAfter) -> unanswered(followed, retryAfter);
            case Answer.Accepted _, Answer.Invalid _, Answer.AlreadyTerminal _, Answer.DeadlineExceeded _ ->
                unanswered(followed, null);
        };
    }

    /** The poll was answered, and the cancellation has not ended. */
    private Optional<Duration> stillRuns(FollowedCancellation followed) {
        return goOn(followed, delay(followed), LIFE_OF_A_BATCH);
    }

    /** The poll was not answered. That says nothing about the batch, so it is polled a little longer. */
    private Optional<Duration> unanswered(FollowedCancellation followed, @Nullable Duration retryAfter) {
        Duration more = retryAfter == null ? Duration.ZERO : retryAfter;
        // the upstream's word counts as it does for a pause: an account is tried again after a while
        Duration capped = more.compareTo(MAX_RETRY_AFTER) < 0 ? more : MAX_RETRY_AFTER;
        return goOn(followed, delay(followed).plus(capped), LIFE_OF_A_BATCH.plus(GRACE));
    }

    private Optional<Duration> goOn(FollowedCancellation followed, Duration delay, Duration longest) {
        @Nullable Instant accepted = followed.acceptedAt();
        // it may have been accepted before it was started again
        Instant begin = accepted != null && accepted.isAfter(followed.startedAt()) ? accepted : followed.startedAt();
        if (clock.instant().isBefore(begin.plus(longest))) {
            return Optional.of(delay);
        }
        log.warn("The end of batch {} could not be learned in its life; it is polled no more", followed.key());
        records.record(lifecycle.giveUp(followed));
        return Optional.empty();
    }

    /** A request is under way, and may still be answered. */
    private boolean aCallerIsAtIt(FollowedCancellation followed) {
        return followed.state() == CancellationState.REQUESTED
                && followed.underWay()
                && clock.instant().isBefore(followed.deadline());
    }

    private Duration delay(FollowedCancellation followed) {
        return pollDelay.after(Duration.between(followed.startedAt(), clock.instant()));
    }
}
