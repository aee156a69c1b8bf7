package io.cancelgateway.cancellation;

import io.cancelgateway.ledger.BatchSnapshot;
import io.cancelgateway.ledger.CancellationState;
import io.cancelgateway.ledger.FollowedCancellation;
import io.cancelgateway.ledger.Ledger;
import io.cancelgateway.ledger.LedgerTransactions;
import io.cancelgateway.tenant.Tenant;
import io.cancelgateway.tenant.Tenants;
import io.cancelgateway.twelvelabs.Answer;
import io.cancelgateway.twelvelabs.Batch;
import io.cancelgateway.twelvelabs.BatchId;
import io.cancelgateway.twelvelabs.TwelveLabs;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Looks at the batch of a cancellation until its end is known. Only looks: a cancel is never sent behind a caller's back.
 */
@Component
class FollowUp {

    private static final Logger log = LoggerFactory.getLogger(FollowUp.class);

    /** A batch that has not begun to cancel this long after the last attempt will not. */
    private static final Duration UNTIL_FAILED = Duration.ofSeconds(60);

    /** A batch is cut off 24 hours after its creation, and was created before its cancel was requested. */
    private static final Duration LIFE_OF_A_BATCH = Duration.ofHours(24);

    /** How much longer it is tried to learn the end of a batch that cannot be looked at. */
    private static final Duration GRACE = Duration.ofHours(1);

    private static final Duration MAX_RETRY_AFTER = Duration.ofMinutes(5);

    /** A key that is refused is tried again, but not as if nothing had happened. */
    private static final Duration BETWEEN_PROBES_OF_A_REFUSED_KEY = Duration.ofMinutes(15);

    private final Ledger ledger;
    private final LedgerTransactions transactions;
    private final Endings endings;
    private final TwelveLabs twelveLabs;
    private final Tenants tenants;
    private final Clock clock;
    private final PollDelay pollDelay;

    FollowUp(
            Ledger ledger,
            LedgerTransactions transactions,
            Endings endings,
            TwelveLabs twelveLabs,
            Tenants tenants,
            Clock clock,
            PollDelay pollDelay) {
        this.ledger = ledger;
        this.transactions = transactions;
        this.endings = endings;
        this.twelveLabs = twelveLabs;
        this.tenants = tenants;
        this.clock = clock;
        this.pollDelay = pollDelay;
    }

    /** Looks once at the cancellation in this life of it; after how long to look again, or empty where it is over. */
    Optional<Duration> run(long id, int life) {
        return ledger.followed(id, life)
                .filter(followed -> !followed.state().terminal())
                .flatMap(this::pursueUntilGivenUp);
    }

    /** A poll that fails each time ends as one that is never answered: its record is given up, not its task repeated. */
    private Optional<Duration> pursueUntilGivenUp(FollowedCancellation followed) {
        try {
            return pursue(followed);
        } catch (RuntimeException e) {
            log.error("A poll of batch {} failed; it is polled again, until its life is over", followed.key(), e);
            return unanswered(followed, null);
        }
    }

    private Optional<Duration> pursue(FollowedCancellation followed) {
        if (callersAreAtIt(followed)) {
            return later(followed);
        }
        return tenants.find(followed.key().tenant())
                .map(tenant -> poll(followed, tenant))
                // a tenant that was removed may come back
                .orElseGet(() -> unanswered(followed, null));
    }

    private Optional<Duration> poll(FollowedCancellation followed, Tenant tenant) {
        return switch (twelveLabs.poll(tenant, new BatchId(followed.key().batchId()))) {
            case Answer.Found(Batch batch) -> seen(followed, batch);
            case Answer.NotFound _ -> absent(followed);
            case Answer.KeyRejected() ->
                goOn(followed, pollDelay.jittered(BETWEEN_PROBES_OF_A_REFUSED_KEY), LIFE_OF_A_BATCH);
            case Answer.RateLimited(Duration retryAfter) -> unanswered(followed, retryAfter);
            case Answer.Unavailable(Duration retryAfter) -> unanswered(followed, retryAfter);
            case Answer.Failed(String _, Duration retryAfter) -> unanswered(followed, retryAfter);
            case Answer.Accepted _, Answer.Invalid _, Answer.AlreadyTerminal _, Answer.DeadlineExceeded _ ->
                unanswered(followed, null);
        };
    }

    private Optional<Duration> seen(FollowedCancellation followed, Batch batch) {
        Optional<CancellationState> end = Endings.of(batch);
        if (end.isPresent()) {
            return finish(followed, end.get(), BatchSnapshots.of(batch));
        }
        if (followed.state() == CancellationState.CANCELING) {
            return open(followed);
        }
        if (batch.canceling()) {
            log.info("The cancel of batch {} had taken effect after all", followed.key());
            transactions.run(() -> ledger.accept(followed.id(), 0, BatchSnapshots.of(batch), clock.instant()));
            return open(followed);
        }
        return clock.instant().isBefore(failedAt(followed))
                ? open(followed)
                : settle(followed, CancellationState.FAILED);
    }

    /** No such batch. While a request may be under way, that is for it to find out. */
    private Optional<Duration> absent(FollowedCancellation followed) {
        return followed.state() == CancellationState.REQUESTED
                ? settle(followed, CancellationState.NOT_FOUND)
                : open(followed);
    }

    private Optional<Duration> settle(FollowedCancellation followed, CancellationState end) {
        if (!transactions.run(() -> ledger.endIfUnchangedSince(followed, end, clock.instant()))) {
            return later(followed);
        }
        log.info("Cancellation of {} ended: {}", followed.key(), end.word());
        return Optional.empty();
    }

    private Optional<Duration> finish(FollowedCancellation followed, CancellationState end, BatchSnapshot snapshot) {
        transactions
                .run(() -> endings.finish(followed, end, snapshot, clock.instant()))
                .run();
        return Optional.empty();
    }

    /** The batch was looked at, and is not at its end. */
    private Optional<Duration> open(FollowedCancellation followed) {
        return goOn(followed, delay(followed), LIFE_OF_A_BATCH);
    }

    /** The batch could not be looked at: which says nothing about it, so that it is tried for a little longer. */
    private Optional<Duration> unanswered(FollowedCancellation followed, @Nullable Duration retryAfter) {
        Duration delay = delay(followed);
        // the upstream's word counts as it does for a pause: an account is tried again after a while
        Duration more = retryAfter == null ? Duration.ZERO : retryAfter;
        return goOn(
                followed,
                delay.plus(more.compareTo(MAX_RETRY_AFTER) < 0 ? more : MAX_RETRY_AFTER),
                LIFE_OF_A_BATCH.plus(GRACE));
    }

    private Optional<Duration> goOn(FollowedCancellation followed, Duration delay, Duration longest) {
        @Nullable Instant accepted = followed.acceptedAt();
        // it may have been accepted in an earlier life
        Instant begin = accepted != null && accepted.isAfter(followed.startedAt()) ? accepted : followed.startedAt();
        if (clock.instant().isBefore(begin.plus(longest))) {
            return Optional.of(delay);
        }
        log.warn("The end of batch {} could not be learned in its life; it is not looked at any more", followed.key());
        return finish(followed, CancellationState.UNCONFIRMED, BatchSnapshot.NONE);
    }

    private boolean callersAreAtIt(FollowedCancellation followed) {
        return followed.state() == CancellationState.REQUESTED
                && followed.underWay()
                && clock.instant().isBefore(followed.deadline());
    }

    private static Instant failedAt(FollowedCancellation followed) {
        @Nullable Instant last = followed.underWay() ? null : followed.lastAttemptAt();
        // of a request that was lost with its replica, only the deadline is known
        Instant settled = (last == null ? followed.deadline() : last).plus(UNTIL_FAILED);
        return settled.isAfter(followed.deadline()) ? settled : followed.deadline();
    }

    private Optional<Duration> later(FollowedCancellation followed) {
        return Optional.of(delay(followed));
    }

    private Duration delay(FollowedCancellation followed) {
        return pollDelay.after(Duration.between(followed.startedAt(), clock.instant()));
    }
}
