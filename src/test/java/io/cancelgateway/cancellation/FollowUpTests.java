package io.cancelgateway.cancellation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import io.cancelgateway.ledger.CancellationKey;
import io.cancelgateway.ledger.CancellationState;
import io.cancelgateway.ledger.Change;
import io.cancelgateway.ledger.Change.Transition;
import io.cancelgateway.ledger.Effect;
import io.cancelgateway.ledger.FollowedCancellation;
import io.cancelgateway.support.TestClock;
import io.cancelgateway.tenant.ApiKey;
import io.cancelgateway.tenant.Tenant;
import io.cancelgateway.tenant.TenantId;
import io.cancelgateway.twelvelabs.ActiveBatches;
import io.cancelgateway.twelvelabs.Answer;
import io.cancelgateway.twelvelabs.Batch;
import io.cancelgateway.twelvelabs.BatchId;
import io.cancelgateway.twelvelabs.BatchItems;
import io.cancelgateway.twelvelabs.BatchQuery;
import io.cancelgateway.twelvelabs.CancelResult;
import io.cancelgateway.twelvelabs.Deadline;
import io.cancelgateway.twelvelabs.DoorRefusal;
import io.cancelgateway.twelvelabs.Listing;
import io.cancelgateway.twelvelabs.RefusalReason;
import io.cancelgateway.twelvelabs.TwelveLabs;
import io.micrometer.tracing.Tracer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.dao.DataAccessResourceFailureException;

/** When a batch is polled: with a clock that is set, without a scheduler, a database or a wait. */
class FollowUpTests {

    private static final Instant NOON = Instant.parse("2026-06-01T12:00:00Z");
    private static final CancellationKey KEY = new CancellationKey(new TenantId("acme"), "68f4ddaf8aaa60d33df0e800");
    private static final Tenant ACME =
            new Tenant(KEY.tenant(), ApiKey.parse("tlk_acme").orElseThrow());

    private final TestClock clock = TestClock.standingAt(NOON);
    private final Vendor vendor = new Vendor();
    private final Ledger ledger = new Ledger();
    private boolean watched;
    private final List<FollowUp.Poll> polls = new ArrayList<>();
    private final FollowUp followUp = new FollowUp(
            ledger,
            new Lifecycle(clock),
            vendor,
            id -> Optional.of(ACME).filter(_ -> !ledger.tenantRemoved),
            clock,
            // no jitter
            new PollDelay(Duration.ofSeconds(2), Duration.ofSeconds(60), () -> 0),
            new TenantShares(4),
            _ -> watched,
            polls::add,
            new RequestTraces(Tracer.NOOP));

    @Test
    void pollsUntilTheBatchHasEndedAndNotAgain() {
        ledger.record = canceling();
        vendor.answer = found("canceling");
        for (int i = 0; i < 3; i++) {
            assertThat(followUp.run(1, 1)).isPresent();
        }
        assertThat(ledger.changes).isEmpty();

        vendor.answer = found("canceled");
        assertThat(followUp.run(1, 1)).isEmpty();

        assertThat(vendor.polls).isEqualTo(4);
        assertThat(polls)
                .containsExactly(
                        FollowUp.Poll.RUNNING, FollowUp.Poll.RUNNING, FollowUp.Poll.RUNNING, FollowUp.Poll.ENDED);
        assertThat(ledger.transitions())
                .singleElement()
                .isInstanceOfSatisfying(
                        Transition.EndWithBatch.class,
                        end -> assertThat(end.end()).isEqualTo(CancellationState.CANCELED));
    }

    @Test
    void whatIsGoneOrHasEndedIsNotPolled() {
        assertThat(followUp.run(1, 1)).isEmpty();
        ledger.record = followed(CancellationState.CANCELED, NOON, null, false);
        assertThat(followUp.run(1, 1)).isEmpty();

        assertThat(vendor.polls).isZero();
    }

    @ParameterizedTest
    @CsvSource({"0, 2", "3, 2", "10, 5", "100, 50", "1000, 60"})
    void theDelayIsHalfOfTheAgeWithinLimits(int age, int delay) {
        ledger.record = canceling();
        vendor.answer = found("canceling");
        clock.push(Duration.ofSeconds(age));

        assertThat(followUp.run(1, 1)).contains(Duration.ofSeconds(delay));
    }

    @Test
    void whileACallerMayStillBeAnsweredItsBatchIsNotPolled() {
        ledger.record = followed(CancellationState.REQUESTED, NOON, null, true);
        assertThat(followUp.run(1, 1)).contains(Duration.ofSeconds(2));
        assertThat(vendor.polls).isZero();

        clock.push(Duration.ofSeconds(15));
        vendor.answer = found("processing");
        assertThat(followUp.run(1, 1)).isPresent();
        assertThat(vendor.polls).isEqualTo(1);
    }

    @Test
    void aRetryAfterIsAddedButNoMoreThanFiveMinutes() {
        ledger.record = canceling();
        for (Answer answer : new Answer[] {
            new Answer.RateLimited(Duration.ofSeconds(30), RefusalReason.UPSTREAM_429),
            new Answer.Unavailable(Duration.ofSeconds(30), RefusalReason.UPSTREAM_BREAKER),
            new Answer.Failed("down", Duration.ofSeconds(30))
        }) {
            vendor.answer = answer;
            assertThat(followUp.run(1, 1)).contains(Duration.ofSeconds(32));
        }

        vendor.answer = new Answer.RateLimited(Duration.ofHours(1), RefusalReason.UPSTREAM_429);
        assertThat(followUp.run(1, 1)).contains(Duration.ofSeconds(302));
        vendor.answer = new Answer.Failed("down", null);
        assertThat(followUp.run(1, 1)).contains(Duration.ofSeconds(2));
        vendor.answer = new Answer.DeadlineExceeded();
        assertThat(followUp.run(1, 1)).contains(Duration.ofSeconds(2));
        assertThat(ledger.changes).isEmpty();
    }

    @Test
    void aRefusedKeyIsProbedEveryQuarterOfAnHour() {
        ledger.record = canceling();
        vendor.answer = new Answer.KeyRejected();

        assertThat(followUp.run(1, 1)).contains(Duration.ofMinutes(15));
    }

    @Test
    void aRemovedTenantMayComeBack() {
        ledger.record = canceling();
        ledger.tenantRemoved = true;

        assertThat(followUp.run(1, 1)).contains(Duration.ofSeconds(2));
        assertThat(vendor.polls).isZero();
    }

    @Test
    void aBatchThatStillRunsIsGivenUpAfterItsLifeOf24Hours() {
        ledger.record = canceling();
        vendor.answer = found("canceling");
        clock.push(Duration.ofHours(24).minusSeconds(1));
        assertThat(followUp.run(1, 1)).contains(Duration.ofSeconds(60));

        clock.push(Duration.ofSeconds(1));
        assertThat(followUp.run(1, 1)).isEmpty();
        assertGivenUp();
    }

    @Test
    void oneThatCannotBePolledIsGivenUpAnHourLater() {
        ledger.record = canceling();
        for (Answer answer : new Answer[] {new Answer.Failed("down", null), new Answer.DeadlineExceeded(), null}) {
            vendor.answer = answer; // null: the poll throws
            clock.push(Duration.between(
                    clock.instant(), NOON.plus(Duration.ofHours(25)).minusSeconds(1)));
            assertThat(followUp.run(1, 1)).isPresent();
            clock.push(Duration.ofSeconds(1));
            assertThat(followUp.run(1, 1)).isEmpty();
            assertGivenUp();
            ledger.changes.clear();
        }
    }

    @Test
    void theLifeBeginsWithTheAcceptanceWhereThatIsLater() {
        ledger.record = followed(CancellationState.CANCELING, NOON, NOON.plus(Duration.ofHours(2)), false);
        vendor.answer = found("canceling");

        clock.push(Duration.ofHours(25));
        assertThat(followUp.run(1, 1)).isPresent();
        clock.push(Duration.ofHours(1));
        assertThat(followUp.run(1, 1)).isEmpty();
    }

    @Test
    void whatAnotherWriterEndedFirstIsFoundOutByTheNextRun() {
        ledger.record = followed(CancellationState.REQUESTED, NOON, null, false);
        ledger.wins = false;
        vendor.answer = new Answer.NotFound(new io.cancelgateway.twelvelabs.VendorError("resource_not_exist", "no"));
        clock.push(Duration.ofSeconds(20));

        assertThat(followUp.run(1, 1)).contains(Duration.ofSeconds(10));
    }

    private void assertGivenUp() {
        assertThat(ledger.transitions())
                .singleElement()
                .isInstanceOfSatisfying(
                        Transition.EndWithBatch.class,
                        end -> assertThat(end.end()).isEqualTo(CancellationState.UNCONFIRMED));
    }

    @Test
    void deliversAnAsynchronousCancelUntilItIsAccepted() {
        ledger.record = asynchronous(false, false);
        ledger.wins = false;
        vendor.delivery = () -> new CancelResult(
                new Answer.Unavailable(Duration.ofSeconds(5), RefusalReason.UPSTREAM_BREAKER), 0, false);
        clock.push(Duration.ofSeconds(10));

        // half of its age, and what the upstream's breaker says
        assertThat(followUp.run(1, 1)).contains(Duration.ofSeconds(10));
        assertThat(ledger.changes).isEmpty();

        Batch batch = new Batch("canceling", null, null, new BatchItems(1, 0, 1, 0, 0, 0), new byte[0]);
        vendor.delivery = () -> new CancelResult(new Answer.Accepted(batch), 1, false);

        assertThat(followUp.run(1, 1)).contains(Duration.ofSeconds(5));
        assertThat(ledger.transitions())
                .hasOnlyElementsOfType(Transition.Accept.class)
                .hasSize(1);
        assertThat(ledger.changes.getFirst().sent()).isEqualTo(new Change.Sent(1, false));
        assertThat(vendor.polls).isZero();
    }

    @ParameterizedTest
    @CsvSource({"false, false, false", "true, false, true", "false, true, true"})
    void aDeliveryTellsWhetherAnEarlierCancelIsUnresolved(boolean ambiguous, boolean underWay, boolean unresolved) {
        ledger.record = asynchronous(ambiguous, underWay);
        vendor.delivery = () -> new CancelResult(new Answer.DeadlineExceeded(), 1, true);

        followUp.run(1, 1);

        assertThat(vendor.deliveries).containsExactly(unresolved);
    }

    @Test
    void aDeliveryWithARefusedKeyWaitsForTheNextKey() {
        ledger.record = asynchronous(false, false);
        ledger.wins = false;
        vendor.delivery = () -> new CancelResult(new Answer.KeyRejected(), 1, false);

        assertThat(followUp.run(1, 1)).contains(Duration.ofMinutes(15));

        ledger.tenantRemoved = true;
        assertThat(followUp.run(1, 1)).contains(Duration.ofMinutes(15));
        assertThat(vendor.deliveries).hasSize(1);
    }

    @Test
    void aKeyThatChangedWhileTheOldOneWasBeingRefusedIsTriedSoon() {
        ledger.record = asynchronous(false, false);
        ledger.wins = false;
        vendor.delivery = () -> {
            ledger.tenantRemoved = true;
            return new CancelResult(new Answer.KeyRejected(), 1, false);
        };

        assertThat(followUp.run(1, 1)).contains(Duration.ofSeconds(2));
    }

    @ParameterizedTest
    @CsvSource({"false, UNDELIVERABLE", "true, UNCONFIRMED"})
    void anAsynchronousCancelIsGivenUpWhenItsBatchCanNoLongerRun(boolean ambiguous, CancellationState end) {
        ledger.record = asynchronous(ambiguous, false);
        vendor.delivery = () -> new CancelResult(new Answer.Failed("down", null), 0, false);
        clock.push(Duration.ofHours(24).minusSeconds(1));
        assertThat(followUp.run(1, 1)).isPresent();
        assertThat(ledger.changes).isEmpty();

        clock.push(Duration.ofSeconds(1));

        assertThat(followUp.run(1, 1)).isEmpty();
        assertThat(ledger.transitions()).hasSize(1).first().satisfies(transition -> {
            switch (transition) {
                case Transition.EndIfUnchangedSince ended ->
                    assertThat(ended.end()).isEqualTo(end);
                case Transition.EndWithBatch ended -> assertThat(ended.end()).isEqualTo(end);
                default -> fail("not an end: " + transition);
            }
        });
        assertThat(vendor.deliveries).hasSize(1);
    }

    @Test
    void aDeliveryThatCannotBeRecordedIsAFailureOfTheTask() {
        ledger.record = asynchronous(false, false);
        ledger.down = true;
        vendor.delivery = () -> new CancelResult(new Answer.DeadlineExceeded(), 1, true);

        assertThatThrownBy(() -> followUp.run(1, 1)).isInstanceOf(FollowUp.DeliveryNotRecordedException.class);
    }

    @Test
    void aBatchThatCallersWaitForIsPolledForThemOnly() {
        ledger.record = canceling();
        vendor.answer = found("canceled");
        watched = true;

        assertThat(followUp.run(1, 1)).contains(Duration.ofSeconds(2));
        assertThat(vendor.polls).isZero();
    }

    @Test
    void aTenantGetsAQuarterOfTheThreads() {
        ledger.record = canceling();
        vendor.answer = found("canceled");
        vendor.duringPoll = () -> assertThat(followUp.run(1, 1)).contains(Duration.ofSeconds(2));

        assertThat(followUp.run(1, 1)).isEmpty();
        assertThat(followUp.run(1, 1)).isEmpty();
        assertThat(vendor.polls).isEqualTo(2);
    }

    private static FollowedCancellation asynchronous(boolean ambiguous, boolean underWay) {
        return new FollowedCancellation(
                1, 1, KEY, CancellationState.REQUESTED, true, NOON, null, NOON, null, ambiguous, underWay, null);
    }

    private static FollowedCancellation canceling() {
        return followed(CancellationState.CANCELING, NOON, NOON, false);
    }

    private static FollowedCancellation followed(
            CancellationState state, Instant startedAt, Instant acceptedAt, boolean underWay) {
        return new FollowedCancellation(
                1, 1, KEY, state, false, startedAt, acceptedAt, startedAt.plusSeconds(15), null, false, underWay, null);
    }

    private static Answer found(String status) {
        return new Answer.Found(new Batch(status, null, null, new BatchItems(1, 0, 0, 0, 0, 1), new byte[0]));
    }

    private static final class Ledger implements FollowUp.Records {

        private FollowedCancellation record;
        private boolean tenantRemoved;
        private boolean wins = true;
        private boolean down;
        private final List<Change> changes = new ArrayList<>();

        @Override
        public Optional<FollowedCancellation> find(long id, int life) {
            return Optional.ofNullable(record);
        }

        @Override
        public Effect record(Change change) {
            if (down) {
                throw new DataAccessResourceFailureException("down");
            }
            changes.add(change);
            return wins ? new Effect.Ended(change.key(), CancellationState.CANCELED) : new Effect.None();
        }

        private List<Transition> transitions() {
            return changes.stream().map(Change::transition).toList();
        }
    }

    private static final class Vendor implements TwelveLabs {

        private Answer answer;
        private int polls;
        private Runnable duringPoll = () -> {};
        private Supplier<CancelResult> delivery = () -> {
            throw new AssertionError("A synchronous cancel is never sent again");
        };

        /** Whether each was unresolved. */
        private final List<Boolean> deliveries = new ArrayList<>();

        @Override
        public Answer poll(Tenant tenant, BatchId batch) {
            polls++;
            duringPoll.run();
            if (answer == null) {
                throw new IllegalStateException("a poll that fails");
            }
            return answer;
        }

        @Override
        public CancelResult cancel(Tenant tenant, BatchId batch, boolean unresolved, Deadline deadline) {
            throw new AssertionError("A follow-up never cancels");
        }

        @Override
        public CancelResult cancelInBulk(Tenant tenant, BatchId batch, boolean unresolved, Deadline deadline) {
            throw new AssertionError("A follow-up never cancels");
        }

        @Override
        public CancelResult deliver(Tenant tenant, BatchId batch, boolean unresolved) {
            deliveries.add(unresolved);
            return delivery.get();
        }

        @Override
        public Optional<DoorRefusal> refusal(Tenant tenant, Deadline deadline) {
            throw new AssertionError("A follow-up does not stand at the door");
        }

        @Override
        public Answer retrieve(Tenant tenant, BatchId batch) {
            throw new AssertionError("A follow-up comes after the callers");
        }

        @Override
        public Listing list(Tenant tenant, BatchQuery query) {
            throw new AssertionError("A follow-up knows its batch");
        }

        @Override
        public ActiveBatches activeBatches(Tenant tenant, Deadline deadline) {
            throw new AssertionError("A follow-up knows its batch");
        }

        @Override
        public Duration longestBackgroundCall() {
            return Duration.ZERO;
        }

        @Override
        public Deadline startDeadline() {
            throw new AssertionError("A follow-up has no caller");
        }
    }
}
