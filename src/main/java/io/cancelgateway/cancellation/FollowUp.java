package io.cancelgateway.cancellation;

import io.cancelgateway.ledger.CancellationState;
import io.cancelgateway.ledger.Ledger;
import io.cancelgateway.ledger.LedgerTransactions;
import io.cancelgateway.ledger.Pursuit;
import io.cancelgateway.ledger.Sighting;
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
    private final Pace pace;

    FollowUp(
            Ledger ledger,
            LedgerTransactions transactions,
            Endings endings,
            TwelveLabs twelveLabs,
            Tenants tenants,
            Clock clock,
            Pace pace) {
        this.ledger = ledger;
        this.transactions = transactions;
        this.endings = endings;
        this.twelveLabs = twelveLabs;
        this.tenants = tenants;
        this.clock = clock;
        this.pace = pace;
    }

    /** Looks once at the cancellation in this life of it; after how long to look again, or empty where it is over. */
    Optional<Duration> run(long id, int life) {
        return ledger.pursuit(id, life)
                .filter(pursuit -> !pursuit.state().terminal())
                .flatMap(this::pursueUntilGivenUp);
    }

    /** A poll that fails each time ends as one that is never answered: its record is given up, not its task repeated. */
    private Optional<Duration> pursueUntilGivenUp(Pursuit pursuit) {
        try {
            return pursue(pursuit);
        } catch (RuntimeException e) {
            log.error("A poll of batch {} failed; it is polled again, until its life is over", pursuit.key(), e);
            return unanswered(pursuit, null);
        }
    }

    private Optional<Duration> pursue(Pursuit pursuit) {
        if (callersAreAtIt(pursuit)) {
            return later(pursuit);
        }
        return tenants.find(pursuit.key().tenant())
                .map(tenant -> look(pursuit, tenant))
                // a tenant that was removed may come back
                .orElseGet(() -> unanswered(pursuit, null));
    }

    private Optional<Duration> look(Pursuit pursuit, Tenant tenant) {
        return switch (twelveLabs.look(tenant, new BatchId(pursuit.key().batchId()))) {
            case Answer.Found(Batch batch) -> seen(pursuit, batch);
            case Answer.NotFound _ -> absent(pursuit);
            case Answer.KeyRejected() -> goOn(pursuit, pace.jittered(BETWEEN_PROBES_OF_A_REFUSED_KEY), LIFE_OF_A_BATCH);
            case Answer.RateLimited(Duration retryAfter) -> unanswered(pursuit, retryAfter);
            case Answer.Unavailable(Duration retryAfter) -> unanswered(pursuit, retryAfter);
            case Answer.Failed(String _, Duration retryAfter) -> unanswered(pursuit, retryAfter);
            case Answer.Accepted _, Answer.Invalid _, Answer.AlreadyTerminal _, Answer.DeadlineExceeded _ ->
                unanswered(pursuit, null);
        };
    }

    private Optional<Duration> seen(Pursuit pursuit, Batch batch) {
        Optional<CancellationState> end = Endings.of(batch);
        if (end.isPresent()) {
            return finish(pursuit, end.get(), Sightings.of(batch));
        }
        if (pursuit.state() == CancellationState.CANCELING) {
            return open(pursuit);
        }
        if (batch.canceling()) {
            log.info("The cancel of batch {} had taken effect after all", pursuit.key());
            transactions.run(() -> ledger.accept(pursuit.id(), 0, Sightings.of(batch), clock.instant()));
            return open(pursuit);
        }
        return clock.instant().isBefore(failedAt(pursuit)) ? open(pursuit) : settle(pursuit, CancellationState.FAILED);
    }

    /** No such batch. While a request may be under way, that is for it to find out. */
    private Optional<Duration> absent(Pursuit pursuit) {
        return pursuit.state() == CancellationState.REQUESTED
                ? settle(pursuit, CancellationState.NOT_FOUND)
                : open(pursuit);
    }

    private Optional<Duration> settle(Pursuit pursuit, CancellationState end) {
        if (!transactions.run(() -> ledger.settle(pursuit, end, clock.instant()))) {
            return later(pursuit);
        }
        log.info("Cancellation of {} ended: {}", pursuit.key(), end.word());
        return Optional.empty();
    }

    private Optional<Duration> finish(Pursuit pursuit, CancellationState end, Sighting sighting) {
        transactions
                .run(() -> endings.finish(pursuit, end, sighting, clock.instant()))
                .run();
        return Optional.empty();
    }

    /** The batch was looked at, and is not at its end. */
    private Optional<Duration> open(Pursuit pursuit) {
        return goOn(pursuit, delay(pursuit), LIFE_OF_A_BATCH);
    }

    /** The batch could not be looked at: which says nothing about it, so that it is tried for a little longer. */
    private Optional<Duration> unanswered(Pursuit pursuit, @Nullable Duration retryAfter) {
        Duration delay = delay(pursuit);
        // the upstream's word counts as it does for a pause: an account is tried again after a while
        Duration more = retryAfter == null ? Duration.ZERO : retryAfter;
        return goOn(
                pursuit,
                delay.plus(more.compareTo(MAX_RETRY_AFTER) < 0 ? more : MAX_RETRY_AFTER),
                LIFE_OF_A_BATCH.plus(GRACE));
    }

    private Optional<Duration> goOn(Pursuit pursuit, Duration delay, Duration longest) {
        @Nullable Instant accepted = pursuit.acceptedAt();
        // it may have been accepted in an earlier life
        Instant begin = accepted != null && accepted.isAfter(pursuit.startedAt()) ? accepted : pursuit.startedAt();
        if (clock.instant().isBefore(begin.plus(longest))) {
            return Optional.of(delay);
        }
        log.warn("The end of batch {} could not be learned in its life; it is not looked at any more", pursuit.key());
        return finish(pursuit, CancellationState.UNCONFIRMED, Sighting.NONE);
    }

    private boolean callersAreAtIt(Pursuit pursuit) {
        return pursuit.state() == CancellationState.REQUESTED
                && pursuit.underWay()
                && clock.instant().isBefore(pursuit.deadline());
    }

    private static Instant failedAt(Pursuit pursuit) {
        @Nullable Instant last = pursuit.underWay() ? null : pursuit.lastAttemptAt();
        // of a request that was lost with its replica, only the deadline is known
        Instant settled = (last == null ? pursuit.deadline() : last).plus(UNTIL_FAILED);
        return settled.isAfter(pursuit.deadline()) ? settled : pursuit.deadline();
    }

    private Optional<Duration> later(Pursuit pursuit) {
        return Optional.of(delay(pursuit));
    }

    private Duration delay(Pursuit pursuit) {
        return pace.after(Duration.between(pursuit.startedAt(), clock.instant()));
    }
}
