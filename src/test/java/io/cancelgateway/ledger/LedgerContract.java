package io.cancelgateway.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.kagkarlsson.scheduler.SchedulerName;
import com.github.kagkarlsson.scheduler.TaskResolver;
import com.github.kagkarlsson.scheduler.event.SchedulerListeners;
import com.github.kagkarlsson.scheduler.jdbc.AutodetectJdbcCustomization;
import com.github.kagkarlsson.scheduler.jdbc.JdbcTaskRepository;
import com.github.kagkarlsson.scheduler.task.Execution;
import com.github.kagkarlsson.scheduler.task.ScheduledTaskInstance;
import com.github.kagkarlsson.scheduler.task.TaskDescriptor;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.zaxxer.hikari.HikariDataSource;
import io.cancelgateway.tenant.TenantId;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy;
import org.springframework.jdbc.support.JdbcTransactionManager;

/** What the ledger promises, on every database that it runs on. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class LedgerContract {

    private static final TenantId ACME = new TenantId("acme");
    private static final TenantId GLOBEX = new TenantId("globex");
    private static final Instant NOON = Instant.parse("2026-06-01T12:00:00.123456Z");
    private static final Duration DEADLINE = Duration.ofSeconds(15);
    private static final TaskDescriptor<Void> FOLLOW_UP = TaskDescriptor.of(FollowUpTask.NAME);
    private static final BatchSnapshot SNAPSHOT =
            new BatchSnapshot("pegasus1.5", "general", new ItemCounts(73, 0, 0, 3, 0, 70));

    private final AtomicLong batches = new AtomicLong();
    private HikariDataSource dataSource;
    private JdbcClient jdbc;
    private Ledger ledger;
    private LedgerQueries queries;
    private LedgerTransactions transactions;

    /** A scheduler's view of its table. Its statements are part of a transaction, where there is one. */
    private JdbcTaskRepository tasks;

    /** JDBC address of an empty database. */
    abstract String address();

    @BeforeAll
    void migrate() throws SQLException {
        dataSource = new HikariDataSource();
        dataSource.setJdbcUrl(address());
        dataSource.setMaximumPoolSize(20);
        // over a connection that is closed then, as the pool's are in time, while the database stays open
        try (Connection _ = dataSource.getConnection()) {
            Flyway.configure()
                    .dataSource(dataSource.getJdbcUrl(), null, null)
                    .load()
                    .migrate();
        }
        jdbc = JdbcClient.create(dataSource);
        ledger = new Ledger(jdbc);
        queries = new LedgerQueries(jdbc);
        transactions = new LedgerTransactions(new JdbcTransactionManager(dataSource), new SimpleMeterRegistry());
        tasks = new JdbcTaskRepository(
                new TransactionAwareDataSourceProxy(dataSource),
                false,
                new AutodetectJdbcCustomization(dataSource),
                "scheduled_tasks",
                new TaskResolver(
                        SchedulerListeners.NOOP,
                        () -> NOON,
                        List.of(Tasks.oneTime(FOLLOW_UP).execute((_, _) -> {}))),
                new SchedulerName.Fixed("replica"),
                false,
                () -> NOON);
    }

    @BeforeEach
    void empty() {
        jdbc.sql("DELETE FROM cancellation").update();
        jdbc.sql("DELETE FROM item_total").update();
        jdbc.sql("DELETE FROM scheduled_tasks").update();
    }

    @AfterAll
    void close() {
        dataSource.close();
    }

    /** A request opens a record, or joins the one that is there. */
    @Nested
    class Opening {

        @Test
        void aFirstRequestStartsARecordAndIsKept() {
            Intent intent = intent(newKey(), "billing", "wrong videos", "4bf9", NOON, NOON.plus(DEADLINE));

            OpenedRequest opened = open(intent);

            assertThat(opened.started()).isTrue();
            assertThat(opened.unresolved()).isFalse();
            Cancellation record = queries.find(intent.key()).orElseThrow();
            assertThat(record)
                    .isEqualTo(new Cancellation(
                            opened.id(),
                            intent.key(),
                            CancellationState.REQUESTED,
                            "billing",
                            "wrong videos",
                            NOON,
                            null,
                            null,
                            0,
                            null,
                            null,
                            ItemCounts.UNKNOWN,
                            ItemCounts.UNKNOWN));
            assertThat(queries.requests(opened.id(), 100))
                    .containsExactly(new AuditEntry("billing", "wrong videos", NOON, null, "4bf9"));
        }

        @Test
        void aRequestWithoutReasonAndTraceIsKeptToo() {
            Intent intent = intent(newKey(), "billing", null, null, NOON, NOON.plus(DEADLINE));

            OpenedRequest opened = open(intent);

            assertThat(queries.requests(opened.id(), 100))
                    .containsExactly(new AuditEntry("billing", null, NOON, null, null));
        }

        @Test
        void timesAreKeptToTheMicrosecondWhateverTheClockGives() {
            Instant precise = Instant.parse("2026-06-01T12:00:00.999999999Z");
            Intent intent = intent(newKey(), precise);

            open(intent);

            assertThat(queries.find(intent.key()).orElseThrow().requestedAt())
                    .isEqualTo(Instant.parse("2026-06-01T12:00:00.999999Z"));
        }

        @Test
        void aRequestThatJoinsOneUnderWayIsToldSo() {
            CancellationKey key = newKey();
            OpenedRequest first = open(intent(key, NOON));

            OpenedRequest second = open(intent(key, NOON.plusSeconds(1)));

            assertThat(second.started()).isFalse();
            assertThat(second.unresolved()).isTrue();
        }

        @Test
        void aRequestThatJoinsAnAmbiguousOneIsToldSo() {
            CancellationKey key = newKey();
            OpenedRequest first = open(intent(key, NOON));
            run(() -> answer(first, true));

            assertThat(open(intent(key, NOON)).unresolved()).isTrue();
        }

        @Test
        void aRequestThatJoinsAnAcceptedOneIsNotUnresolved() {
            CancellationKey key = newKey();
            OpenedRequest first = open(intent(key, NOON));
            run(() -> ledger.accept(first.id(), 1, SNAPSHOT, NOON));

            assertThat(open(intent(key, NOON)).unresolved()).isFalse();
        }

        @Test
        void racingRequestsForOneBatchOpenOneRecord() throws Exception {
            for (int round = 0; round < 10; round++) {
                CancellationKey key = newKey();

                List<OpenedRequest> opened =
                        atOnce(Stream.generate(() -> (Supplier<OpenedRequest>) () -> open(intent(key, NOON)))
                                .limit(16)
                                .toList());

                assertThat(opened)
                        .extracting(OpenedRequest::id)
                        .containsOnly(opened.getFirst().id());
                assertThat(opened).filteredOn(OpenedRequest::started).hasSize(1);
                assertThat(opened).extracting(OpenedRequest::request).doesNotHaveDuplicates();
                assertThat(queries.requests(opened.getFirst().id(), 100)).hasSize(16);
            }
        }

        @Test
        void aLockThatIsNotToBeHadInTimeIsTriedForAgain() throws Exception {
            CancellationKey key = newKey();
            OpenedRequest first = open(intent(key, NOON));
            CountDownLatch locked = new CountDownLatch(1);
            try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
                Future<Boolean> slow = threads.submit(() -> run(() -> {
                    answer(first, false);
                    locked.countDown();
                    try {
                        // longer than H2 waits for a lock
                        return !new CountDownLatch(1).await(2500, TimeUnit.MILLISECONDS);
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                }));
                locked.await();

                assertThat(open(intent(key, NOON)).id()).isEqualTo(first.id());
                assertThat(slow.get()).isTrue();
            }
        }
    }

    /** A new request after an end. */
    @Nested
    class StartingAgain {

        @ParameterizedTest
        @EnumSource(
                value = CancellationState.class,
                names = {"NOT_FOUND", "REJECTED", "FAILED", "UNDELIVERABLE"})
        void aNewRequestStartsARecordAgainThatDidNotComeToTheBatchsEnd(CancellationState end) {
            CancellationKey key = newKey();
            OpenedRequest first = open(intent(key, NOON));
            run(() -> {
                ledger.attempted(first.id(), 2, false, NOON);
                ledger.answered(first.request(), "upstream_error");
                return ledger.endIfNothingUnresolved(first.id(), end, NOON);
            });

            OpenedRequest second =
                    open(intent(key, "operations", "once more", null, NOON.plusSeconds(60), NOON.plusSeconds(75)));

            assertThat(second.id()).isEqualTo(first.id());
            assertThat(second.life()).isEqualTo(2);
            assertThat(second.started()).isTrue();
            assertThat(second.unresolved()).isFalse();
            Cancellation record = queries.find(key).orElseThrow();
            assertThat(record.state()).isEqualTo(CancellationState.REQUESTED);
            assertThat(record.requestedBy()).isEqualTo("operations");
            assertThat(record.reason()).isEqualTo("once more");
            assertThat(record.requestedAt()).isEqualTo(NOON);
            assertThat(record.finishedAt()).isNull();
            assertThat(record.attempts()).isEqualTo(2);
            assertThat(queries.requests(first.id(), 100))
                    .extracting(AuditEntry::caller)
                    .containsExactly("operations", "billing");
            assertThat(ledger.followed(first.id(), 1)).isEmpty();
            assertThat(ledger.followed(first.id(), 2).orElseThrow().startedAt()).isEqualTo(NOON.plusSeconds(60));
            assertThat(endWithBatch(first, CancellationState.CANCELED, SNAPSHOT, NOON))
                    .isFalse();
        }

        @ParameterizedTest
        @EnumSource(
                value = CancellationState.class,
                names = {"CANCELED", "COMPLETED", "EXPIRED"})
        void aNewRequestOnlyAddsToTheAuditTrailOfARecordThatCameToTheBatchsEnd(CancellationState end) {
            CancellationKey key = newKey();
            OpenedRequest first = open(intent(key, NOON));
            endWithBatch(first, end, SNAPSHOT, NOON);
            Cancellation before = queries.find(key).orElseThrow();

            OpenedRequest second = open(intent(key, NOON.plusSeconds(60)));

            assertThat(second.started()).isFalse();
            assertThat(second.unresolved()).isFalse();
            assertThat(queries.find(key)).contains(before);
            assertThat(queries.requests(first.id(), 100)).hasSize(2);
        }

        @Test
        void oneThatAReplicaOfTheVersionBeforeStartedAgainBeganThen() {
            CancellationKey key = newKey();
            OpenedRequest opened = open(intent(key, NOON));
            endWithBatch(opened, CancellationState.FAILED, BatchSnapshot.NONE, NOON);
            open(intent(key, NOON.plusSeconds(60)));

            jdbc.sql("UPDATE cancellation SET life = 3, requested_at = :received WHERE id = :id")
                    .param("received", Columns.utc(NOON.plus(Duration.ofDays(2))))
                    .param("id", opened.id())
                    .update();

            assertThat(ledger.followed(opened.id(), 3).orElseThrow().startedAt())
                    .isEqualTo(NOON.plus(Duration.ofDays(2)));
        }

        @Test
        void oneThatWasAcceptedButNotConfirmedIsStartedAgainAsAccepted() {
            CancellationKey key = newKey();
            OpenedRequest first = open(intent(key, NOON));
            run(() -> ledger.accept(first.id(), 1, SNAPSHOT, NOON));
            run(() -> {
                ledger.answered(first.request(), "accepted");
                return ledger.endWithBatch(first.id(), 1, CancellationState.UNCONFIRMED, BatchSnapshot.NONE, NOON);
            });

            OpenedRequest second = open(intent(key, NOON.plusSeconds(60)));

            assertThat(second.started()).isTrue();
            assertThat(second.life()).isEqualTo(2);
            Cancellation record = queries.find(key).orElseThrow();
            assertThat(record.state()).isEqualTo(CancellationState.CANCELING);
            assertThat(record.acceptedAt()).isEqualTo(NOON);
            assertThat(record.atAcceptance()).isEqualTo(SNAPSHOT.counts());
            assertThat(run(() -> ledger.accept(second.id(), 1, SNAPSHOT, NOON))).isFalse();
        }

        @Test
        void oneThatWasNeverAnsweredNorConfirmedIsStartedAgainAsUnresolved() {
            CancellationKey key = newKey();
            OpenedRequest first = open(intent(key, NOON));
            run(() -> {
                answer(first, true);
                return ledger.endWithBatch(first.id(), 1, CancellationState.UNCONFIRMED, BatchSnapshot.NONE, NOON);
            });

            OpenedRequest second = open(intent(key, NOON.plusSeconds(60)));

            assertThat(second.started()).isTrue();
            assertThat(second.unresolved()).isTrue();
            assertThat(queries.find(key).orElseThrow().state()).isEqualTo(CancellationState.REQUESTED);
        }

        @Test
        void aRequestThatComesWhileAnotherIsEndingTheCancellationStartsItAgain() throws Exception {
            CancellationKey key = newKey();
            OpenedRequest first = open(intent(key, NOON));
            CountDownLatch ending = new CountDownLatch(1);
            CountDownLatch come = new CountDownLatch(1);
            try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
                Future<Boolean> end = threads.submit(() -> run(() -> {
                    answer(first, false);
                    boolean ended = ledger.endIfNothingUnresolved(first.id(), CancellationState.FAILED, NOON);
                    ending.countDown();
                    awaitBlocked(come);
                    return ended;
                }));
                ending.await();
                Future<OpenedRequest> second = threads.submit(() -> {
                    come.countDown();
                    return open(intent(key, NOON.plusSeconds(1)));
                });

                assertThat(end.get()).isTrue();
                assertThat(second.get().started()).isTrue();
                assertThat(second.get().life()).isEqualTo(2);
            }
        }

        @Test
        void racingRequestsStartARecordAgainOnce() throws Exception {
            CancellationKey key = newKey();
            OpenedRequest first = open(intent(key, NOON));
            endWithBatch(first, CancellationState.FAILED, BatchSnapshot.NONE, NOON);

            List<OpenedRequest> opened =
                    atOnce(Stream.generate(() -> (Supplier<OpenedRequest>) () -> open(intent(key, NOON)))
                            .limit(16)
                            .toList());

            assertThat(opened).filteredOn(OpenedRequest::started).hasSize(1);
            assertThat(opened).extracting(OpenedRequest::life).containsOnly(2);
        }
    }

    /** What the upstream tells of the batch is written once. */
    @Nested
    class Acceptance {

        @Test
        void anAcceptanceAndAnEndAreWrittenOnce() {
            CancellationKey key = newKey();
            OpenedRequest opened = open(intent(key, NOON));
            BatchSnapshot accepted = new BatchSnapshot("pegasus1.5", "general", new ItemCounts(73, 0, 3, 0, 0, 70));

            assertThat(run(() -> ledger.accept(opened.id(), 2, accepted, NOON.plusSeconds(1))))
                    .isTrue();
            assertThat(run(() -> ledger.accept(opened.id(), 1, SNAPSHOT, NOON.plusSeconds(2))))
                    .isFalse();
            assertThat(endWithBatch(opened, CancellationState.CANCELED, SNAPSHOT, NOON.plusSeconds(9)))
                    .isTrue();
            assertThat(endWithBatch(opened, CancellationState.EXPIRED, BatchSnapshot.NONE, NOON.plusSeconds(10)))
                    .isFalse();

            Cancellation record = queries.find(key).orElseThrow();
            assertThat(record.state()).isEqualTo(CancellationState.CANCELED);
            assertThat(record.acceptedAt()).isEqualTo(NOON.plusSeconds(1));
            assertThat(record.finishedAt()).isEqualTo(NOON.plusSeconds(9));
            assertThat(record.attempts()).isEqualTo(2);
            assertThat(record.modelName()).isEqualTo("pegasus1.5");
            assertThat(record.analysisMode()).isEqualTo("general");
            assertThat(record.atAcceptance()).isEqualTo(accepted.counts());
            assertThat(record.atEnd()).isEqualTo(SNAPSHOT.counts());
        }

        @Test
        void anEndThatShowsNoModelKeepsTheOneThatIsKnown() {
            CancellationKey key = newKey();
            OpenedRequest opened = open(intent(key, NOON));
            run(() -> ledger.accept(opened.id(), 1, SNAPSHOT, NOON));

            endWithBatch(opened, CancellationState.UNCONFIRMED, BatchSnapshot.NONE, NOON);

            assertThat(queries.find(key).orElseThrow().modelName()).isEqualTo("pegasus1.5");
        }
    }

    /** Which requests and polls may end a cancellation, and that only one does. */
    @Nested
    class Ends {

        @Test
        void aRequestThatFailedEndsItsCancellation() {
            CancellationKey key = newKey();
            OpenedRequest opened = open(intent(key, NOON));

            assertThat(run(() -> {
                        answer(opened, false);
                        return ledger.endIfNothingUnresolved(opened.id(), CancellationState.FAILED, NOON);
                    }))
                    .isTrue();
            assertThat(queries.find(key).orElseThrow().state()).isEqualTo(CancellationState.FAILED);
        }

        @Test
        void aRequestThatFailedEndsNothingAfterAnAmbiguousAttempt() {
            OpenedRequest opened = open(intent(newKey(), NOON));

            assertThat(run(() -> {
                        answer(opened, true);
                        return ledger.endIfNothingUnresolved(opened.id(), CancellationState.FAILED, NOON);
                    }))
                    .isFalse();
        }

        @Test
        void aRequestThatFailedEndsNothingWhileAnotherIsUnderWay() {
            CancellationKey key = newKey();
            OpenedRequest other = open(intent(key, NOON));
            OpenedRequest opened = open(intent(key, NOON));

            assertThat(run(() -> {
                        answer(opened, false);
                        return ledger.endIfNothingUnresolved(opened.id(), CancellationState.FAILED, NOON);
                    }))
                    .isFalse();
            assertThat(run(() -> {
                        answer(other, false);
                        return ledger.endIfNothingUnresolved(other.id(), CancellationState.FAILED, NOON);
                    }))
                    .isTrue();
        }

        @Test
        void aRequestThatWasLostInAnEarlierLifeDoesNotKeepTheNextFromEnding() {
            CancellationKey key = newKey();
            OpenedRequest lost = open(intent(key, NOON));
            FollowedCancellation seen = ledger.followed(lost.id(), lost.life()).orElseThrow();
            run(() -> ledger.endIfUnchangedSince(seen, CancellationState.FAILED, NOON.plusSeconds(80)));

            OpenedRequest opened = open(intent(key, NOON.plusSeconds(100)));

            assertThat(run(() -> {
                        answer(opened, false);
                        return ledger.endIfNothingUnresolved(
                                opened.id(), CancellationState.NOT_FOUND, NOON.plusSeconds(101));
                    }))
                    .isTrue();
        }

        @Test
        void ofManyThatFailAtOnceTheLastEndsTheCancellation() throws Exception {
            CancellationKey key = newKey();
            List<OpenedRequest> all = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                all.add(open(intent(key, NOON)));
            }

            List<Boolean> ended = atOnce(all.stream()
                    .<Supplier<Boolean>>map(opened -> () -> run(() -> {
                        answer(opened, false);
                        return ledger.endIfNothingUnresolved(opened.id(), CancellationState.FAILED, NOON);
                    }))
                    .toList());

            assertThat(ended).containsOnlyOnce(true);
            assertThat(queries.find(key).orElseThrow().state()).isEqualTo(CancellationState.FAILED);
            assertThat(queries.find(key).orElseThrow().attempts()).isEqualTo(12);
        }

        @Test
        void aPollFromBeforeANewRequestDoesNotEndTheCancellation() {
            CancellationKey key = newKey();
            OpenedRequest first = open(intent(key, NOON));
            FollowedCancellation early =
                    ledger.followed(first.id(), first.life()).orElseThrow();
            open(intent(key, NOON.plusSeconds(70)));
            FollowedCancellation late =
                    ledger.followed(first.id(), first.life()).orElseThrow();

            assertThat(run(() -> ledger.endIfUnchangedSince(early, CancellationState.FAILED, NOON.plusSeconds(99))))
                    .isFalse();
            assertThat(run(() -> ledger.endIfUnchangedSince(late, CancellationState.FAILED, NOON.plusSeconds(84))))
                    .isFalse();
            assertThat(run(() -> ledger.endIfUnchangedSince(late, CancellationState.FAILED, NOON.plusSeconds(85))))
                    .isTrue();
        }

        @ParameterizedTest
        @EnumSource(
                value = CancellationState.class,
                names = {"COMPLETED", "EXPIRED"})
        void thatABatchCameToItsOwnEndCountsWhoeverIsUnderWay(CancellationState end) {
            CancellationKey key = newKey();
            OpenedRequest other = open(intent(key, NOON));
            OpenedRequest opened = open(intent(key, NOON));

            assertThat(run(() -> {
                        answer(opened, false);
                        return ledger.endIfNothingUnresolved(opened.id(), end, NOON);
                    }))
                    .isTrue();
            assertThat(run(() -> {
                        answer(other, false);
                        return ledger.endIfNothingUnresolved(other.id(), CancellationState.FAILED, NOON);
                    }))
                    .isFalse();
        }
    }

    /** What is counted, and what is still pending. */
    @Nested
    class Totals {

        @Test
        void ofManyWritersOneEndsARecordAndCountsIt() throws Exception {
            List<Supplier<Boolean>> writers = new ArrayList<>();
            for (int batch = 0; batch < 8; batch++) {
                OpenedRequest opened = open(intent(newKey(), NOON));
                for (int writer = 0; writer < 4; writer++) {
                    writers.add(() -> run(() -> {
                        boolean won = ledger.endWithBatch(
                                opened.id(), opened.life(), CancellationState.CANCELED, SNAPSHOT, NOON);
                        if (won) {
                            ledger.addToTotals(ACME, SNAPSHOT.counts());
                        }
                        return won;
                    }));
                }
            }

            List<Boolean> won = atOnce(writers);

            assertThat(won).filteredOn(Boolean::booleanValue).hasSize(8);
            assertThat(queries.totals()).containsExactly(new ItemTotal(ACME, 8 * 70, 8 * 3, 0));
        }

        @Test
        void whatIsRolledBackIsNotCounted() {
            OpenedRequest opened = open(intent(newKey(), NOON));

            assertThatThrownBy(() -> run(() -> {
                        ledger.endWithBatch(opened.id(), opened.life(), CancellationState.CANCELED, SNAPSHOT, NOON);
                        ledger.addToTotals(ACME, SNAPSHOT.counts());
                        throw new IllegalStateException("the replica fails");
                    }))
                    .isInstanceOf(IllegalStateException.class);

            assertThat(queries.totals()).isEmpty();
            assertThat(ledger.followed(opened.id(), 1).orElseThrow().state()).isEqualTo(CancellationState.REQUESTED);
        }

        @Test
        void theBacklogTellsHowMuchIsPendingAndSinceWhen() {
            open(intent(newKey(), NOON.plusSeconds(5)));
            open(intent(newKey(), NOON));
            OpenedRequest accepted = open(intent(newKey(), NOON.plusSeconds(7)));
            run(() -> ledger.accept(accepted.id(), 1, SNAPSHOT, NOON));
            endWithBatch(
                    open(intent(newKey(), NOON.minusSeconds(9))), CancellationState.FAILED, BatchSnapshot.NONE, NOON);

            assertThat(queries.backlog())
                    .containsExactlyInAnyOrder(
                            new Backlog(CancellationState.REQUESTED, 2, NOON),
                            new Backlog(CancellationState.CANCELING, 1, NOON.plusSeconds(7)));
        }

        @Test
        void whatWasStartedAgainIsPendingSinceThen() {
            CancellationKey key = newKey();
            endWithBatch(open(intent(key, NOON)), CancellationState.FAILED, BatchSnapshot.NONE, NOON);
            open(intent(newKey(), NOON.plus(Duration.ofDays(3))));
            open(intent(key, NOON.plus(Duration.ofDays(2))));

            assertThat(queries.backlog())
                    .containsExactly(new Backlog(CancellationState.REQUESTED, 2, NOON.plus(Duration.ofDays(2))));
        }
    }

    /** What a follow-up reads, and its row among the scheduler's tasks. */
    @Nested
    class FollowUps {

        @Test
        void aFollowedCancellationTellsWhatAFollowUpMustKnow() {
            CancellationKey key = newKey();
            OpenedRequest opened = open(intent(key, NOON));
            assertThat(ledger.followed(opened.id(), 1))
                    .contains(new FollowedCancellation(
                            opened.id(),
                            1,
                            key,
                            CancellationState.REQUESTED,
                            false,
                            NOON,
                            null,
                            NOON.plus(DEADLINE),
                            null,
                            false,
                            true,
                            null));

            run(() -> answer(opened, true));

            FollowedCancellation answered = ledger.followed(opened.id(), 1).orElseThrow();
            assertThat(answered.underWay()).isFalse();
            assertThat(answered.ambiguous()).isTrue();
            assertThat(answered.lastAttemptAt()).isEqualTo(NOON.plusSeconds(2));
        }

        @Test
        void aDeletedRecordsFollowUpFindsNothing() {
            OpenedRequest opened = open(intent(newKey(), NOON));
            empty();

            assertThat(ledger.followed(opened.id(), opened.life())).isEmpty();
            assertThat(endWithBatch(opened, CancellationState.CANCELED, SNAPSHOT, NOON))
                    .isFalse();
        }

        @Test
        void theFollowUpOfARecordThatEndsAtOnceIsRemovedWithTheCommit() {
            schedule("7-1");
            schedule("7-2");

            assertThatThrownBy(() -> run(() -> {
                        ledger.removeFollowUp(FollowUpTask.parse("7-1"));
                        throw new IllegalStateException("the replica fails");
                    }))
                    .isInstanceOf(IllegalStateException.class);
            assertThat(scheduled()).containsExactlyInAnyOrder("7-1", "7-2");
            assertThat(removeFollowUp("7-1")).isTrue();
            assertThat(removeFollowUp("7-1")).isFalse();

            assertThat(scheduled()).containsExactly("7-2");
        }

        @Test
        void aSchedulerThatFetchedAFollowUpBeforeItWasRemovedDoesNotRunIt() {
            Execution fetched = schedule("7-1");

            assertThat(removeFollowUp("7-1")).isTrue();

            assertThat(tasks.pick(fetched, NOON)).isEmpty();
            assertThat(scheduled()).isEmpty();
        }

        @Test
        void aSchedulerThatPicksAFollowUpWhileItIsBeingRemovedDoesNotRunIt() throws Exception {
            Execution fetched = schedule("7-1");
            CountDownLatch removing = new CountDownLatch(1);
            CountDownLatch come = new CountDownLatch(1);
            try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
                Future<Boolean> removed = threads.submit(() -> run(() -> {
                    boolean gone = ledger.removeFollowUp(FollowUpTask.parse("7-1"));
                    removing.countDown();
                    awaitBlocked(come);
                    return gone;
                }));
                removing.await();
                Future<Optional<Execution>> picked = threads.submit(() -> {
                    come.countDown();
                    return tasks.pick(fetched, NOON);
                });

                assertThat(removed.get()).isTrue();
                assertThat(picked.get()).isEmpty();
            }
        }

        @Test
        void aFollowUpThatIsPickedOrBeingPickedIsLeftToItself() throws Exception {
            Execution fetched = schedule("7-1");
            CountDownLatch picking = new CountDownLatch(1);
            CountDownLatch come = new CountDownLatch(1);
            try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
                Future<Execution> picked = threads.submit(() -> run(() -> {
                    Execution pick = tasks.pick(fetched, NOON).orElseThrow();
                    picking.countDown();
                    awaitBlocked(come);
                    return pick;
                }));
                picking.await();
                Future<Boolean> removed = threads.submit(() -> {
                    come.countDown();
                    return removeFollowUp("7-1");
                });

                assertThat(picked.get().isPicked()).isTrue();
                assertThat(removed.get()).isFalse();
                assertThat(removeFollowUp("7-1")).isFalse();
                assertThat(scheduled()).containsExactly("7-1");
                tasks.remove(picked.get());
                assertThat(scheduled()).isEmpty();
            }
        }

        @Test
        void thoseThatMayWaitForAKeyAreWoken() {
            FollowUpTask delivery = opened(newKey(), true, NOON.plusSeconds(5));
            FollowUpTask refusedPoll = opened(newKey(), false, NOON.plus(Duration.ofMinutes(12)));
            FollowUpTask picked = opened(newKey(), true, NOON.plusSeconds(5));
            tasks.pick(tasks.getExecution("follow-up", picked.instance()).orElseThrow(), NOON);
            opened(newKey(), false, NOON.plusSeconds(5));
            opened(new CancellationKey(GLOBEX, newKey().batchId()), true, NOON.plusSeconds(5));
            FollowUpTask delivered = opened(newKey(), true, NOON.plusSeconds(5));
            run(() -> ledger.accept(delivered.id(), delivered.life(), SNAPSHOT, NOON));

            int woken = run(() -> ledger.wake(List.of(ACME), NOON, NOON.plus(Duration.ofMinutes(8))));

            assertThat(woken).isEqualTo(2);
            assertThat(jdbc.sql("SELECT task_instance FROM scheduled_tasks WHERE execution_time = :now")
                            .param("now", NOON.atOffset(ZoneOffset.UTC))
                            .query(String.class)
                            .list())
                    .containsExactlyInAnyOrder(delivery.instance(), refusedPoll.instance());
        }

        private FollowUpTask opened(CancellationKey key, boolean asynchronous, Instant followUpAt) {
            OpenedRequest opened = open(new Intent(
                    UUID.randomUUID(),
                    key,
                    "billing",
                    null,
                    null,
                    NOON,
                    NOON.plus(DEADLINE),
                    asynchronous,
                    followUpAt));
            return new FollowUpTask(opened.id(), opened.life());
        }

        /** As a scheduler has it that fetched what is due. */
        private Execution schedule(String instance) {
            tasks.createIfNotExists(
                    new ScheduledTaskInstance(FOLLOW_UP.instance(instance).build(), NOON));
            return tasks.getExecution("follow-up", instance).orElseThrow();
        }

        private boolean removeFollowUp(String instance) {
            return run(() -> ledger.removeFollowUp(FollowUpTask.parse(instance)));
        }

        private List<String> scheduled() {
            return jdbc.sql("SELECT task_instance FROM scheduled_tasks")
                    .query(String.class)
                    .list();
        }
    }

    /** Records of a tenant, page by page, and the requests of a record. */
    @Nested
    class Lists {

        @Test
        void listsAreTheTenantsOwnNewestFirstAndFiltered() {
            OpenedRequest old = open(intent(newKey(), NOON));
            OpenedRequest newer = open(intent(newKey(), "operations", null, null, NOON.plusSeconds(1), NOON));
            OpenedRequest failed = open(intent(newKey(), NOON.plusSeconds(2)));
            endWithBatch(failed, CancellationState.FAILED, BatchSnapshot.NONE, NOON);
            open(intent(new CancellationKey(GLOBEX, newKey().batchId()), NOON));

            assertThat(list(null, null, null, null)).containsExactly(failed.id(), newer.id(), old.id());
            assertThat(list(CancellationState.FAILED, null, null, null)).containsExactly(failed.id());
            assertThat(list(null, "operations", null, null)).containsExactly(newer.id());
            assertThat(list(CancellationState.REQUESTED, "billing", null, null)).containsExactly(old.id());
            assertThat(list(null, null, NOON.plusSeconds(1), null)).containsExactly(failed.id(), newer.id());
            assertThat(list(null, null, null, NOON.plusSeconds(1))).containsExactly(old.id());
            assertThat(list(CancellationState.FAILED, "billing", NOON, NOON.plusSeconds(3)))
                    .containsExactly(failed.id());
            assertThat(list(CancellationState.EXPIRED, null, null, null)).isEmpty();
        }

        @Test
        void pagesShowEveryRecordOnceAlsoThoseOfOneMoment() {
            List<Long> all = new ArrayList<>();
            for (int i = 0; i < 25; i++) {
                all.addFirst(open(intent(newKey(), NOON.plusSeconds(i / 10))).id());
            }

            List<Long> seen = new ArrayList<>();
            CancellationQuery query = new CancellationQuery(ACME, null, null, null, null, null);
            List<Cancellation> page = queries.list(query, 4);
            while (!page.isEmpty()) {
                page.forEach(record -> seen.add(record.id()));
                page = queries.list(query.after(page.getLast()), 4);
            }

            assertThat(seen).containsExactlyElementsOf(all);
        }

        @Test
        void pagesShowARecordOnceThatIsStartedAgainMeanwhile() {
            List<Long> all = new ArrayList<>();
            List<CancellationKey> keys = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                keys.add(newKey());
                OpenedRequest opened = open(intent(keys.getLast(), NOON.plusSeconds(i)));
                endWithBatch(opened, CancellationState.FAILED, BatchSnapshot.NONE, NOON.plusSeconds(i));
                all.addFirst(opened.id());
            }

            List<Long> seen = new ArrayList<>();
            CancellationQuery query = new CancellationQuery(ACME, null, null, null, null, null);
            List<Cancellation> page = queries.list(query, 4);
            assertThat(open(intent(keys.getFirst(), NOON.plusSeconds(60))).started())
                    .isTrue();
            assertThat(open(intent(keys.getLast(), NOON.plusSeconds(60))).started())
                    .isTrue();
            while (!page.isEmpty()) {
                page.forEach(record -> seen.add(record.id()));
                page = queries.list(query.after(page.getLast()), 4);
            }

            assertThat(seen).containsExactlyElementsOf(all);
        }

        @Test
        void pagesOfATimeSpanShowEveryRecordOfItOnce() {
            List<Long> all = new ArrayList<>();
            for (int i = 0; i < 25; i++) {
                all.addFirst(open(intent(newKey(), NOON.plusSeconds(i / 3))).id());
            }

            List<Long> seen = new ArrayList<>();
            CancellationQuery query =
                    new CancellationQuery(ACME, null, null, NOON.plusSeconds(2), NOON.plusSeconds(6), null);
            List<Cancellation> page = queries.list(query, 4);
            while (!page.isEmpty()) {
                page.forEach(record -> seen.add(record.id()));
                page = queries.list(query.after(page.getLast()), 4);
            }

            assertThat(seen).containsExactlyElementsOf(all.subList(7, 19));
            CancellationQuery.Position above = new CancellationQuery.Position(NOON.plusSeconds(60), Long.MAX_VALUE);
            assertThat(queries.list(new CancellationQuery(ACME, null, null, null, NOON.plusSeconds(6), above), 100))
                    .hasSize(18);
        }

        @Test
        void onlyTheNewestRequestsAreShown() {
            CancellationKey key = newKey();
            OpenedRequest opened = open(intent(key, NOON));
            for (int i = 1; i < 5; i++) {
                open(intent(key, NOON.plusSeconds(i)));
            }

            assertThat(queries.requests(opened.id(), 3))
                    .extracting(AuditEntry::receivedAt)
                    .containsExactly(NOON.plusSeconds(4), NOON.plusSeconds(3), NOON.plusSeconds(2));
        }

        @Test
        void whatAnOutcomeWasStaysWhatItWas() {
            OpenedRequest opened = open(intent(newKey(), NOON));
            run(() -> answer(opened, false));

            run(() -> {
                ledger.answered(opened.request(), "accepted");
                return true;
            });

            assertThat(queries.requests(opened.id(), 1).getFirst().outcome()).isEqualTo("upstream_error");
        }
    }

    /** What the retention deletes, and what it keeps. */
    @Nested
    class Deletion {

        @Test
        void retentionDeletesWhatEndedLongAgoWithItsRequestsAndLeavesTheTotals() {
            for (int i = 0; i < 7; i++) {
                endWithBatch(open(intent(newKey(), NOON)), CancellationState.CANCELED, SNAPSHOT, NOON.plusSeconds(i));
            }
            run(() -> {
                ledger.addToTotals(ACME, SNAPSHOT.counts());
                return true;
            });
            OpenedRequest recent = open(intent(newKey(), NOON));
            endWithBatch(recent, CancellationState.CANCELED, SNAPSHOT, NOON.plusSeconds(100));
            OpenedRequest pending = open(intent(newKey(), NOON));

            retention(NOON.plus(Duration.ofDays(90)).plusSeconds(50));

            assertThat(list(null, null, null, null)).containsExactly(pending.id(), recent.id());
            assertThat(count("cancellation_request")).isEqualTo(2);
            assertThat(queries.totals()).containsExactly(new ItemTotal(ACME, 70, 3, 0));
        }

        @Test
        void retentionDeletesFewAtATimeOldestFirst() {
            List<OpenedRequest> all = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                all.add(open(intent(newKey(), NOON)));
                endWithBatch(all.getLast(), CancellationState.COMPLETED, SNAPSHOT, NOON.plusSeconds(60 + i));
            }

            assertThat(ledger.deleteFinishedBefore(NOON.plusSeconds(64), 3)).isEqualTo(3);

            assertThat(list(null, null, null, null))
                    .containsExactly(all.get(4).id(), all.get(3).id());
        }

        @Test
        void retentionKeepsARecordAsLongAsTheLatestRequestThatJoinedIt() {
            CancellationKey key = newKey();
            endWithBatch(open(intent(key, NOON)), CancellationState.CANCELED, SNAPSHOT, NOON);
            Instant joined = NOON.plus(Duration.ofDays(89));
            open(intent(key, "operations", "is it canceled?", null, joined, joined.plus(DEADLINE)));

            retention(NOON.plus(Duration.ofDays(91)));

            Cancellation record = queries.find(key).orElseThrow();
            assertThat(queries.requests(record.id(), 100))
                    .extracting(AuditEntry::caller)
                    .containsExactly("operations", "billing");

            retention(joined.plus(Duration.ofDays(91)));

            assertThat(queries.find(key)).isEmpty();
        }

        @Test
        void retentionIsNotHeldUpByRecordsThatAreKeptForTheirLatestRequest() {
            for (int i = 0; i < 3; i++) {
                CancellationKey key = newKey();
                endWithBatch(open(intent(key, NOON)), CancellationState.CANCELED, SNAPSHOT, NOON);
                open(intent(key, NOON.plusSeconds(100)));
            }
            OpenedRequest deletable = open(intent(newKey(), NOON));
            endWithBatch(deletable, CancellationState.CANCELED, SNAPSHOT, NOON.plusSeconds(1));

            assertThat(ledger.deleteFinishedBefore(NOON.plusSeconds(50), 2)).isEqualTo(1);

            assertThat(list(null, null, null, null)).hasSize(3).doesNotContain(deletable.id());
        }

        @Test
        void retentionKeepsARecordThatARequestIsJoining() throws Exception {
            CancellationKey key = newKey();
            OpenedRequest first = open(intent(key, NOON));
            endWithBatch(first, CancellationState.CANCELED, SNAPSHOT, NOON);
            CountDownLatch joining = new CountDownLatch(1);
            CountDownLatch come = new CountDownLatch(1);
            try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
                Future<OpenedRequest> join = threads.submit(() -> run(() -> {
                    OpenedRequest joined = ledger.open(intent(key, NOON.plusSeconds(100)));
                    joining.countDown();
                    awaitBlocked(come);
                    return joined;
                }));
                joining.await();
                Future<Integer> deleted = threads.submit(() -> {
                    come.countDown();
                    return run(() -> ledger.deleteFinishedBefore(NOON.plusSeconds(50), 500));
                });

                assertThat(join.get().id()).isEqualTo(first.id());
                assertThat(deleted.get()).isZero();
            }
            assertThat(queries.requests(first.id(), 100)).hasSize(2);
        }

        private void retention(Instant now) {
            new Retention(ledger, Duration.ofDays(90), Clock.fixed(now, ZoneOffset.UTC)).run();
        }
    }

    /** The statements are those of the page that operators read. */
    @Nested
    class Operating {

        @Test
        void aRequestIsFoundByItsTrace() throws Exception {
            CancellationKey key = newKey();
            open(intent(key, "billing", null, "4bf9", NOON, NOON));
            open(intent(key, "scheduler", null, "77aa", NOON, NOON));
            open(intent(newKey(), "billing", null, "77aa", NOON, NOON));

            assertThat(query("find-request", Map.of("tenant", "acme", "batch_id", key.batchId(), "trace_id", "77aa")))
                    .extracting(row -> row.get("caller"))
                    .containsExactly("scheduler");
        }

        @Test
        void whatWaitsToBeDeliveredIsListed() throws Exception {
            CancellationKey key = newKey();
            open(intent(newKey(), NOON));
            open(new Intent(UUID.randomUUID(), key, "billing", null, null, NOON, NOON, true, NOON.plusSeconds(2)));

            assertThat(query("waiting-deliveries", Map.of()))
                    .extracting(row -> row.get("batch_id"))
                    .containsExactly(key.batchId());
        }

        @Test
        void theReasonOfOneRecordCanBeErased() throws Exception {
            CancellationKey key = newKey();
            OpenedRequest opened = open(intent(key, "billing", "a secret", null, NOON, NOON));
            open(intent(key, "billing", "another", null, NOON, NOON));
            open(intent(newKey(), "billing", "to be kept", null, NOON, NOON));

            execute("erase-reason", Map.of("tenant", "acme", "batch_id", key.batchId()));

            assertThat(queries.find(key).orElseThrow().reason()).isNull();
            assertThat(queries.requests(opened.id(), 10))
                    .extracting(AuditEntry::reason)
                    .containsOnlyNulls();
            assertThat(count("cancellation_request WHERE reason IS NOT NULL")).isEqualTo(1);
            assertThat(count("cancellation WHERE reason IS NOT NULL")).isEqualTo(1);
        }

        @Test
        void aWholeTenantCanBeErased() throws Exception {
            open(intent(newKey(), NOON));
            CancellationKey others = new CancellationKey(GLOBEX, newKey().batchId());
            open(intent(others, NOON));
            run(() -> {
                ledger.addToTotals(ACME, SNAPSHOT.counts());
                ledger.addToTotals(GLOBEX, SNAPSHOT.counts());
                return true;
            });

            execute("erase-tenant", Map.of("tenant", "acme"));

            assertThat(count("cancellation")).isEqualTo(1);
            assertThat(count("cancellation_request")).isEqualTo(1);
            assertThat(queries.find(others)).isPresent();
            assertThat(queries.totals()).extracting(ItemTotal::tenant).containsExactly(GLOBEX);
        }

        private void execute(String heading, Map<String, String> values) throws Exception {
            for (String statement : sql(heading, values).split(";\\n")) {
                if (!statement.isBlank()) {
                    jdbc.sql(statement).update();
                }
            }
        }

        private List<Map<String, Object>> query(String heading, Map<String, String> values) throws Exception {
            return jdbc.sql(sql(heading, values).strip().replaceFirst(";$", ""))
                    .query()
                    .listOfRows();
        }

        private static String sql(String heading, Map<String, String> values) throws IOException {
            String page = Files.readString(Path.of("docs", "OPERATIONS.md"));
            Matcher block = Pattern.compile("```sql\\n-- " + heading + "\\n(.*?)```", Pattern.DOTALL)
                    .matcher(page);
            assertThat(block.find())
                    .as("a block " + heading + " in docs/OPERATIONS.md")
                    .isTrue();
            String sql = block.group(1);
            for (Map.Entry<String, String> value : values.entrySet()) {
                sql = sql.replace("<" + value.getKey() + ">", value.getValue());
            }
            return sql;
        }
    }

    /** Many writes in few transactions. */
    @Nested
    class Writing extends WriterContract {

        @Override
        HikariDataSource database() {
            return dataSource;
        }
    }

    /** Holds the transaction open until the other one has had time to run into its lock. */
    private static void awaitBlocked(CountDownLatch come) {
        try {
            come.await();
            assertThat(new CountDownLatch(1).await(300, TimeUnit.MILLISECONDS)).isFalse();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private boolean answer(OpenedRequest opened, boolean ambiguous) {
        ledger.attempted(opened.id(), 1, ambiguous, NOON.plusSeconds(2));
        ledger.answered(opened.request(), "upstream_error");
        return true;
    }

    private boolean endWithBatch(OpenedRequest opened, CancellationState end, BatchSnapshot snapshot, Instant now) {
        return run(() -> ledger.endWithBatch(opened.id(), opened.life(), end, snapshot, now));
    }

    private List<Long> list(CancellationState state, String caller, Instant since, Instant until) {
        return queries.list(new CancellationQuery(ACME, state, caller, since, until, null), 100).stream()
                .map(Cancellation::id)
                .toList();
    }

    private long count(String table) {
        return jdbc.sql("SELECT COUNT(*) FROM " + table).query(Long.class).single();
    }

    private OpenedRequest open(Intent intent) {
        return run(() -> ledger.open(intent));
    }

    private <T> T run(Supplier<T> statements) {
        return transactions.run(statements);
    }

    private static Intent intent(CancellationKey key, Instant now) {
        return intent(key, "billing", null, null, now, now.plus(DEADLINE));
    }

    private static Intent intent(
            CancellationKey key, String caller, String reason, String traceId, Instant received, Instant deadline) {
        return new Intent(
                UUID.randomUUID(),
                key,
                caller,
                reason,
                traceId == null ? null : new RequestSpan(traceId, "00f067aa0ba902b7"),
                received,
                deadline,
                false,
                received.plusSeconds(2));
    }

    private CancellationKey newKey() {
        return new CancellationKey(ACME, "%024x".formatted(batches.incrementAndGet()));
    }

    private static <T> List<T> atOnce(List<Supplier<T>> calls) throws Exception {
        CountDownLatch ready = new CountDownLatch(calls.size());
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<T>> futures = calls.stream()
                    .map(call -> threads.submit(() -> {
                        ready.countDown();
                        ready.await();
                        return call.get();
                    }))
                    .toList();
            List<T> results = new ArrayList<>();
            for (Future<T> future : futures) {
                results.add(future.get());
            }
            return results;
        }
    }
}
