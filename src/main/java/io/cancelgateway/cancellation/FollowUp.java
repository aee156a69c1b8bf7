package io.cancelgateway.cancellation;

import io.cancelgateway.ledger.CancellationState;
import io.cancelgateway.ledger.Ledger;
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

    /** A key that is refused is tried again, but not as if nothing had happened. */
    private static final Duration BETWEEN_PROBES_OF_A_REFUSED_KEY = Duration.ofMinutes(15);

    private final Ledger ledger;
    private final Endings endings;
    private final TwelveLabs twelveLabs;
    private final Tenants tenants;
    private final Clock clock;
    private final Pace pace;

    FollowUp(Ledger ledger, Endings endings, TwelveLabs twelveLabs, Tenants tenants, Clock clock, Pace pace) {
        this.ledger = ledger;
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
                .flatMap(this::pursue);
    }

    private Optional<Duration> pursue(Pursuit pursuit) {
        if (callersAreAtIt(pursuit)) {
            return later(pursuit);
        }
        Optional<Duration> again = tenants.find(pursuit.key().tenant())
                .map(tenant -> look(pursuit, tenant))
                // a tenant that was removed may come back
                .orElseGet(() -> later(pursuit));
        return again.isPresent() && lifeIsOver(pursuit) ? unconfirmed(pursuit) : again;
    }

    private Optional<Duration> look(Pursuit pursuit, Tenant tenant) {
        return switch (twelveLabs.look(tenant, new BatchId(pursuit.key().batchId()))) {
            case Answer.Found(Batch batch) -> seen(pursuit, batch);
            case Answer.NotFound _ -> absent(pursuit);
            case Answer.KeyRejected() -> Optional.of(pace.jittered(BETWEEN_PROBES_OF_A_REFUSED_KEY));
            case Answer.RateLimited(Duration retryAfter) -> notBefore(retryAfter, pursuit);
            case Answer.Unavailable(Duration retryAfter) -> notBefore(retryAfter, pursuit);
            case Answer.Failed(String _, Duration retryAfter) -> notBefore(retryAfter, pursuit);
            case Answer.Accepted _, Answer.Invalid _, Answer.AlreadyTerminal _, Answer.DeadlineExceeded _ ->
                later(pursuit);
        };
    }

    private Optional<Duration> seen(Pursuit pursuit, Batch batch) {
        Optional<CancellationState> end = Endings.of(batch);
        if (end.isPresent()) {
            endings.finish(pursuit, end.get(), Sightings.of(batch));
            return Optional.empty();
        }
        if (pursuit.state() == CancellationState.CANCELING) {
            return later(pursuit);
        }
        if (batch.canceling()) {
            log.info("The cancel of batch {} had taken effect after all", pursuit.key());
            endings.adopt(pursuit, Sightings.of(batch));
            return later(pursuit);
        }
        return clock.instant().isBefore(failedAt(pursuit)) ? later(pursuit) : settle(pursuit, CancellationState.FAILED);
    }

    /** No such batch. While a request may be under way, that is for it to find out. */
    private Optional<Duration> absent(Pursuit pursuit) {
        return pursuit.state() == CancellationState.REQUESTED
                ? settle(pursuit, CancellationState.NOT_FOUND)
                : later(pursuit);
    }

    private Optional<Duration> settle(Pursuit pursuit, CancellationState end) {
        return endings.settle(pursuit, end) ? Optional.empty() : later(pursuit);
    }

    private Optional<Duration> unconfirmed(Pursuit pursuit) {
        log.warn("The end of batch {} could not be learned in its life; it is not looked at any more", pursuit.key());
        endings.finish(pursuit, CancellationState.UNCONFIRMED, Sighting.NONE);
        return Optional.empty();
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

    private boolean lifeIsOver(Pursuit pursuit) {
        @Nullable Instant accepted = pursuit.acceptedAt();
        Instant begin = accepted == null ? pursuit.requestedAt() : accepted;
        return !clock.instant().isBefore(begin.plus(LIFE_OF_A_BATCH));
    }

    private Optional<Duration> later(Pursuit pursuit) {
        return Optional.of(pace.after(Duration.between(pursuit.requestedAt(), clock.instant())));
    }

    private Optional<Duration> notBefore(@Nullable Duration retryAfter, Pursuit pursuit) {
        return later(pursuit).map(delay -> retryAfter == null ? delay : delay.plus(retryAfter));
    }
}
