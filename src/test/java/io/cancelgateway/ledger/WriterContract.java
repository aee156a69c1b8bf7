package io.cancelgateway.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.zaxxer.hikari.HikariDataSource;
import io.cancelgateway.ledger.GroupStatements.Acceptance;
import io.cancelgateway.ledger.GroupStatements.Opening;
import io.cancelgateway.problem.ProblemType;
import io.cancelgateway.problem.Problems;
import io.cancelgateway.tenant.TenantId;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.dao.TransientDataAccessResourceException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.JdbcTransactionManager;

/** What the ledger's writer promises. {@link LedgerContract} runs it on every database. */
abstract class WriterContract {

    private static final TenantId ACME = new TenantId("acme");
    private static final Instant NOON = Instant.parse("2026-06-01T12:00:00.123456Z");
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final int MAX_SINGLES = 4;
    private static final BatchSnapshot SNAPSHOT =
            new BatchSnapshot("pegasus1.5", "general", new ItemCounts(73, 0, 0, 3, null, 70));

    private final AtomicLong batches = new AtomicLong(1_000_000);
    private JdbcClient jdbc;
    private Ledger ledger;
    private LedgerQueries queries;
    private ChangeWriter changes;
    private LedgerTransactions transactions;
    private HeldGroups groups;
    private LedgerWriter writer;

    /** Migrated, with at least 12 connections. */
    abstract HikariDataSource database();

    @BeforeEach
    void start() {
        HikariDataSource database = database();
        jdbc = JdbcClient.create(database);
        ledger = new Ledger(jdbc);
        queries = new LedgerQueries(jdbc);
        changes = new ChangeWriter(ledger);
        transactions = new LedgerTransactions(new JdbcTransactionManager(database), new SimpleMeterRegistry());
        groups = new HeldGroups(groupStatements(database));
        writer = writer(groups);
    }

    static GroupStatements groupStatements(HikariDataSource database) {
        return new LedgerConfiguration()
                .groupStatements(new JdbcTemplate(database), new JdbcTransactionManager(database));
    }

    private LedgerWriter writer(GroupStatements statements) {
        return new LedgerWriter(ledger, changes, transactions, statements, MAX_SINGLES);
    }

    @AfterEach
    void stop() {
        groups.letGo();
        writer.close();
    }

    @Test
    void whatComesWhileAGroupIsCommittedIsTheNextGroup() {
        groups.hold();
        List<PendingWrite<OpenedRequest>> writes = new ArrayList<>(List.of(writer.open(intent(newKey()))));
        groups.awaitHeld();
        for (int i = 0; i < 30; i++) {
            writes.add(writer.open(intent(newKey())));
        }

        groups.letGo();

        assertThat(writes).extracting(WriterContract::await).allMatch(OpenedRequest::started);
        assertThat(groups.sizes()).containsExactly(1, 30);
        assertThat(count("cancellation")).isEqualTo(31);
        assertThat(count("cancellation_request")).isEqualTo(31);
        assertThat(count("scheduled_tasks")).isEqualTo(31);
    }

    @Test
    void aGroupIsBounded() {
        groups.hold();
        writer.open(intent(newKey()));
        groups.awaitHeld();
        List<PendingWrite<OpenedRequest>> writes = IntStream.range(0, LedgerWriter.MAX_GROUP + 7)
                .mapToObj(_ -> writer.open(intent(newKey())))
                .toList();

        groups.letGo();

        writes.forEach(WriterContract::await);
        assertThat(groups.sizes()).containsExactly(1, LedgerWriter.MAX_GROUP, 7);
    }

    /** A cancel was forwarded without the ledger; another one found its batch canceled, and was recorded first. */
    @Test
    void anAcceptanceThatIsWrittenAfterTheEndTellsThatTheEndIsOurs() {
        CancellationKey key = newKey();
        OpenedRequest second = await(writer.open(intent(key)));
        assertThat(await(writer.write(
                        answer(second, new Change.Transition.EndIfNothingUnresolved(CancellationState.CANCELED)))))
                .isInstanceOf(Effect.Ended.class);
        OpenedRequest first = await(writer.open(intent(key)));

        assertThat(await(writer.write(accepted(first)))).isEqualTo(new Effect.FirstAccepted(key, SNAPSHOT));

        FollowedCancellation followed = ledger.followed(key).orElseThrow();
        assertThat(followed.state()).isEqualTo(CancellationState.CANCELING);
        assertThat(followed.life()).isEqualTo(2);
        assertThat(jdbc.sql("SELECT task_instance FROM scheduled_tasks")
                        .query(String.class)
                        .list())
                .containsExactly(new FollowUpTask(followed.id(), 2).instance());
        assertThat(transactions.run(() -> changes.write(new Change(
                        key,
                        followed.id(),
                        2,
                        Change.Sent.NOTHING,
                        null,
                        new Change.Transition.EndWithBatch(followed, CancellationState.CANCELED, SNAPSHOT),
                        NOON))))
                .isInstanceOf(Effect.EndedWithBatch.class);
        assertThat(queries.totals()).extracting(ItemTotal::canceled).contains(70L);
        // and a further one changes nothing
        OpenedRequest third = await(writer.open(intent(key)));
        assertThat(await(writer.write(accepted(third)))).isEqualTo(new Effect.None());
        assertThat(ledger.followed(key).orElseThrow().state()).isEqualTo(CancellationState.CANCELED);
    }

    @Test
    void aConfirmationDoesNotStandInForTheResultThatIsStillToCome() {
        OpenedRequest opened = await(writer.open(intent(newKey())));
        transactions.run(() -> {
            ledger.confirmed(List.of(opened.request()), "confirmed");
            return true;
        });

        assertThat(await(writer.write(accepted(opened)))).isInstanceOf(Effect.FirstAccepted.class);

        transactions.run(() -> {
            ledger.confirmed(List.of(opened.request()), "confirmed");
            return true;
        });
        assertThat(queries.requests(opened.id(), 1))
                .extracting(AuditEntry::outcome)
                .containsExactly("confirmed");
    }

    /** A first cancel of a batch, and one more. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aGroupWritesWhatAWriteByItselfWrites(boolean asynchronous) {
        CancellationKey inGroup = newKey();
        CancellationKey alone = newKey();
        for (int times = 0; times < 2; times++) {
            Instant received = NOON.plusNanos(999).plusSeconds(times);
            BatchSnapshot snapshot = times == 0 ? SNAPSHOT : BatchSnapshot.NONE;
            Intent first = intent(inGroup, received, asynchronous);
            Intent second = intent(alone, received, asynchronous);

            OpenedRequest opened = await(writer.open(first));
            OpenedRequest openedAlone = transactions.run(() -> ledger.open(second));
            Effect effect = await(writer.write(accepted(opened, snapshot)));
            transactions.run(() -> changes.write(accepted(openedAlone, snapshot)));

            assertThat(opened.started()).isEqualTo(openedAlone.started()).isEqualTo(times == 0);
            assertThat(opened.life()).isEqualTo(openedAlone.life());
            assertThat(opened.unresolved()).isEqualTo(openedAlone.unresolved());
            assertThat(effect)
                    .isEqualTo(
                            times == 0 && !asynchronous
                                    ? new Effect.FirstAccepted(inGroup, SNAPSHOT)
                                    : new Effect.None());
            assertThat(rows("cancellation", inGroup)).isEqualTo(rows("cancellation", alone));
            assertThat(rows("cancellation_request", inGroup)).isEqualTo(rows("cancellation_request", alone));
            assertThat(rows("scheduled_tasks", inGroup)).isEqualTo(rows("scheduled_tasks", alone));
        }
        if (!asynchronous) {
            assertThat(groups.sizes()).as("nothing was written by itself").containsExactly(1, 1, 1, 1);
        }
        assertThat(rows("cancellation", inGroup).getFirst())
                .containsEntry("state", asynchronous ? "requested" : "canceling")
                .containsEntry("attempts", asynchronous ? 0 : 4)
                .containsEntry("asynchronous", asynchronous);
    }

    private static Intent intent(CancellationKey key, Instant received, boolean asynchronous) {
        return new Intent(
                UUID.randomUUID(),
                key,
                "billing",
                "a \"quoted\", {braced} \\ reason",
                new RequestSpan("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"),
                received,
                received.plusSeconds(15),
                asynchronous,
                received.plusSeconds(2));
    }

    @Test
    void anIntentWithoutReasonAndTraceAndASnapshotWithoutAnythingAreWrittenInAGroupToo() {
        Intent intent = intent(newKey());

        OpenedRequest opened = await(writer.open(intent));
        await(writer.write(accepted(opened, BatchSnapshot.NONE)));

        Cancellation record = queries.find(intent.key()).orElseThrow();
        assertThat(record.reason()).isNull();
        assertThat(record.modelName()).isNull();
        assertThat(record.atAcceptance()).isEqualTo(ItemCounts.UNKNOWN);
        assertThat(record.state()).isEqualTo(CancellationState.CANCELING);
    }

    @Test
    void whatMustWaitForItsRecordIsWrittenByItself() {
        OpenedRequest requested = openAlone(newKey());
        OpenedRequest failed = openAlone(newKey());
        transactions.run(() -> ledger.endWithBatch(failed.id(), 1, CancellationState.FAILED, BatchSnapshot.NONE, NOON));
        OpenedRequest canceled = openAlone(newKey());
        transactions.run(() -> ledger.endWithBatch(canceled.id(), 1, CancellationState.CANCELED, SNAPSHOT, NOON));
        groups.hold();
        writer.open(intent(newKey()));
        groups.awaitHeld();

        PendingWrite<OpenedRequest> first = writer.open(intent(newKey()));
        PendingWrite<OpenedRequest> joins = writer.open(intent(requested.key()));
        PendingWrite<OpenedRequest> restarts = writer.open(intent(failed.key()));
        PendingWrite<OpenedRequest> adds = writer.open(intent(canceled.key()));
        PendingWrite<OpenedRequest> last = writer.open(intent(newKey()));
        groups.letGo();

        assertThat(await(first).started()).isTrue();
        assertThat(await(last).started()).isTrue();
        assertThat(await(joins).unresolved()).isTrue();
        assertThat(await(restarts).life()).isEqualTo(2);
        assertThat(await(adds).started()).isFalse();
        assertThat(groups.sizes()).containsExactly(1, 5);
        assertThat(Stream.of(joins, restarts)).allMatch(PendingWrite::behindOthers);
        assertThat(Stream.of(first, adds, last)).noneMatch(PendingWrite::behindOthers);
        assertThat(count("cancellation_request")).isEqualTo(3 + 6);
    }

    @Test
    void ofSeveralIntentsForOneBatchInAGroupTheFirstStartsItAndTheOthersJoin() {
        CancellationKey key = newKey();
        groups.hold();
        writer.open(intent(newKey()));
        groups.awaitHeld();
        List<PendingWrite<OpenedRequest>> writes =
                IntStream.range(0, 5).mapToObj(_ -> writer.open(intent(key))).toList();

        groups.letGo();

        List<OpenedRequest> opened = writes.stream().map(WriterContract::await).toList();
        assertThat(opened.getFirst().started()).isTrue();
        assertThat(opened.subList(1, 5)).noneMatch(OpenedRequest::started).allMatch(OpenedRequest::unresolved);
        assertThat(opened).extracting(OpenedRequest::request).doesNotHaveDuplicates();
        assertThat(queries.requests(opened.getFirst().id(), 10)).hasSize(5);
        assertThat(groups.sizes()).containsExactly(1, 1);
    }

    @Test
    void ofSeveralAcceptancesOfOneBatchOneIsTheFirst() {
        CancellationKey key = newKey();
        List<OpenedRequest> opened =
                IntStream.range(0, 4).mapToObj(_ -> openAlone(key)).toList();
        groups.hold();
        writer.open(intent(newKey()));
        groups.awaitHeld();

        List<PendingWrite<Effect>> writes =
                opened.stream().map(request -> writer.write(accepted(request))).toList();
        groups.letGo();

        assertThat(writes.stream().map(WriterContract::await))
                .containsOnlyOnce(new Effect.FirstAccepted(key, SNAPSHOT));
        assertThat(queries.find(key).orElseThrow().attempts()).isEqualTo(8);
        assertThat(queries.requests(opened.getFirst().id(), 10))
                .extracting(AuditEntry::outcome)
                .containsOnly("accepted");
    }

    @Test
    void intentsAndAcceptancesShareAGroup() {
        OpenedRequest opened = openAlone(newKey());
        groups.hold();
        writer.open(intent(newKey()));
        groups.awaitHeld();

        PendingWrite<Effect> acceptance = writer.write(accepted(opened));
        PendingWrite<OpenedRequest> intent = writer.open(intent(newKey()));
        groups.letGo();

        assertThat(await(acceptance)).isEqualTo(new Effect.FirstAccepted(opened.key(), SNAPSHOT));
        assertThat(await(intent).started()).isTrue();
        assertThat(groups.sizes()).containsExactly(1, 2);
    }

    @Test
    void aRequestThatEndsItsRecordTakesItsFollowUpAlong() {
        OpenedRequest opened = await(writer.open(intent(newKey())));

        Effect effect = await(writer.write(
                answer(opened, new Change.Transition.EndIfNothingUnresolved(CancellationState.NOT_FOUND))));

        assertThat(effect).isEqualTo(new Effect.Ended(opened.key(), CancellationState.NOT_FOUND));
        assertThat(count("scheduled_tasks")).isZero();
    }

    @Test
    void twoReplicasLoseNothingOnTheSameBatches() throws Exception {
        List<CancellationKey> keys =
                IntStream.range(0, 40).mapToObj(_ -> newKey()).toList();
        try (LedgerWriter other = writer(groupStatements(database()));
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Effect>> effects = new ArrayList<>();
            Random random = new Random(7);
            for (int round = 0; round < 5; round++) {
                for (LedgerWriter replica : List.of(writer, other)) {
                    List<CancellationKey> shuffled = new ArrayList<>(keys);
                    Collections.shuffle(shuffled, random);
                    for (CancellationKey key : shuffled) {
                        effects.add(threads.submit(
                                () -> await(replica.write(accepted(await(replica.open(intent(key))))))));
                    }
                }
            }
            List<Effect> all = new ArrayList<>();
            for (Future<Effect> effect : effects) {
                all.add(effect.get());
            }

            assertThat(all)
                    .filteredOn(Effect.FirstAccepted.class::isInstance)
                    .extracting(effect -> ((Effect.FirstAccepted) effect).key())
                    .containsExactlyInAnyOrderElementsOf(keys);
        }
        for (CancellationKey key : keys) {
            Cancellation record = queries.find(key).orElseThrow();
            assertThat(record.attempts()).isEqualTo(20);
            assertThat(queries.requests(record.id(), 100))
                    .hasSize(10)
                    .extracting(AuditEntry::outcome)
                    .containsOnly("accepted");
        }
        assertThat(count("scheduled_tasks")).isEqualTo(40);
    }

    @Test
    void aRecordThatSomebodyLocksHoldsUpNoOther() throws Exception {
        OpenedRequest locked = openAlone(newKey());
        OpenedRequest free = openAlone(newKey());
        try (Lock lock = new Lock(() -> ledger.attempted(locked.id(), 1, false, NOON))) {
            groups.hold();
            writer.open(intent(newKey()));
            groups.awaitHeld();
            PendingWrite<Effect> waits = writer.write(accepted(locked));
            PendingWrite<Effect> goesOn = writer.write(accepted(free));
            PendingWrite<OpenedRequest> starts = writer.open(intent(newKey()));

            groups.letGo();

            assertThat(await(goesOn)).isInstanceOf(Effect.FirstAccepted.class);
            assertThat(await(starts).started()).isTrue();
            assertThat(goesOn.behindOthers()).isFalse();
            assertThat(waits.behindOthers()).isTrue();
            assertThat(catchThrowable(() -> waits.await(Duration.ofMillis(1))))
                    .isInstanceOf(LedgerTimeoutException.class);
            lock.close();
            assertThat(await(waits)).isEqualTo(new Effect.FirstAccepted(locked.key(), SNAPSHOT));
        }
        assertThat(queries.find(locked.key()).orElseThrow().attempts()).isEqualTo(3);
    }

    /** Such as a replica that is stopped amid its transaction. */
    @Test
    void aBatchThatSomebodyElseIsStartingHoldsUpNoOtherForLong() throws Exception {
        CancellationKey key = newKey();
        try (Lock lock = new Lock(() -> ledger.open(intent(key)))) {
            groups.hold();
            writer.open(intent(newKey()));
            groups.awaitHeld();
            PendingWrite<OpenedRequest> waits = writer.open(intent(key));
            List<PendingWrite<OpenedRequest>> goOn = IntStream.range(0, 10)
                    .mapToObj(_ -> writer.open(intent(newKey())))
                    .toList();
            long start = System.nanoTime();

            groups.letGo();

            assertThat(goOn.stream().map(WriterContract::await)).allMatch(OpenedRequest::started);
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofMillis(1500));
            // the next one for this batch waits behind the first, and holds up no group any more
            PendingWrite<OpenedRequest> next = writer.open(intent(key));
            assertThat(await(writer.open(intent(newKey()))).started()).isTrue();
            assertThat(waits.behindOthers()).isTrue();
            assertThat(next.behindOthers()).isTrue();
            lock.close();
            assertThat(await(waits).started()).isFalse();
            assertThat(await(next).started()).isFalse();
        }
        assertThat(queries.requests(queries.find(key).orElseThrow().id(), 10)).hasSize(3);
    }

    @Test
    void writesThatWaitForOneRecordHoldOneConnectionAndThoseForManyHoldFew() throws Exception {
        List<OpenedRequest> hot =
                IntStream.range(0, 10).mapToObj(_ -> openAlone(key(1))).toList();
        List<OpenedRequest> others =
                IntStream.range(0, 10).mapToObj(_ -> openAlone(newKey())).toList();
        try (Lock lock = new Lock(() -> {
            ledger.attempted(hot.getFirst().id(), 1, false, NOON);
            others.forEach(other -> ledger.attempted(other.id(), 1, false, NOON));
        })) {
            List<PendingWrite<Effect>> writes = new ArrayList<>();
            hot.forEach(request -> writes.add(writer.write(accepted(request))));
            assertThat(await(writer.open(intent(newKey()))).started()).isTrue();
            soon(() -> assertThat(active()).isEqualTo(1 + 1));
            others.forEach(request -> writes.add(writer.write(accepted(request))));
            soon(() -> assertThat(active()).isEqualTo(1 + MAX_SINGLES));
            assertThat(await(writer.open(intent(newKey()))).started()).isTrue();
            assertThat(active()).isLessThanOrEqualTo(1 + MAX_SINGLES);
            lock.close();

            assertThat(writes.stream().map(WriterContract::await).filter(Effect.FirstAccepted.class::isInstance))
                    .hasSize(11);
        }
    }

    @Test
    void aRowThatDoesNotFitFailsByItself() {
        OpenedRequest opened = openAlone(newKey());
        OpenedRequest other = openAlone(newKey());
        groups.hold();
        writer.open(intent(newKey()));
        groups.awaitHeld();
        PendingWrite<OpenedRequest> good = writer.open(intent(newKey()));
        PendingWrite<OpenedRequest> bad = writer.open(new Intent(
                UUID.randomUUID(),
                newKey(),
                "billing",
                null,
                new RequestSpan("x".repeat(33), "00f067aa0ba902b7"),
                NOON,
                NOON,
                false,
                NOON));
        PendingWrite<Effect> badAnswer =
                writer.write(accepted(opened, new BatchSnapshot("x".repeat(101), null, ItemCounts.UNKNOWN)));
        PendingWrite<Effect> goodAnswer = writer.write(accepted(other));

        groups.letGo();

        assertThat(await(good).started()).isTrue();
        assertThat(await(goodAnswer)).isInstanceOf(Effect.FirstAccepted.class);
        assertThatThrownBy(() -> await(bad)).isInstanceOf(DataIntegrityViolationException.class);
        assertThatThrownBy(() -> await(badAnswer)).isInstanceOf(DataIntegrityViolationException.class);
        assertThat(queries.find(opened.key()).orElseThrow().state()).isEqualTo(CancellationState.REQUESTED);
        assertThat(queries.requests(opened.id(), 1).getFirst().outcome()).isNull();
    }

    @Test
    void whatDoesNotFitIntoTheQueueFailsAtOnce() {
        groups.hold();
        List<PendingWrite<OpenedRequest>> writes = IntStream.range(0, LedgerWriter.MAX_UNDER_WAY)
                .mapToObj(_ -> writer.open(intent(newKey())))
                .toList();

        Throwable refused = catchThrowable(() -> writer.open(intent(newKey())).await(Duration.ZERO));
        groups.letGo();

        assertThat(refused).isInstanceOf(TransientDataAccessResourceException.class);
        assertThat(Problems.of(refused).type()).isEqualTo(ProblemType.LEDGER_UNAVAILABLE);
        assertThat(writes.stream().map(WriterContract::await)).allMatch(OpenedRequest::started);
        assertThat(count("cancellation")).isEqualTo(LedgerWriter.MAX_UNDER_WAY);
        assertThat(await(writer.open(intent(newKey()))).started()).isTrue();
    }

    @Test
    void aWriteThatNobodyWaitsForAnyMoreIsCommittedAllTheSame() {
        groups.hold();
        PendingWrite<OpenedRequest> write = writer.open(intent(key(1)));
        CompletableFuture<OpenedRequest> late = new CompletableFuture<>();
        assertThatThrownBy(() -> write.await(Duration.ofMillis(5))).isInstanceOf(LedgerTimeoutException.class);
        write.whenEnded(late::complete, late::completeExceptionally);
        assertThat(late).isNotDone();
        assertThat(write.behindOthers()).isFalse();

        groups.letGo();

        assertThat(late).succeedsWithin(SOON).returns(true, OpenedRequest::started);
        assertThat(queries.find(key(1))).isPresent();
    }

    @Test
    void anIntentThatWasCommittedIsFoundAgainByItsKey() {
        Intent intent = intent(newKey());
        OpenedRequest opened = await(writer.open(intent));

        OpenedRequest again = await(writer.openAgain(intent));

        assertThat(again.id()).isEqualTo(opened.id());
        assertThat(again.request()).isEqualTo(opened.request());
        assertThat(count("cancellation_request")).isEqualTo(1);
        assertThat(await(writer.write(accepted(again)))).isInstanceOf(Effect.FirstAccepted.class);
        assertThat(await(writer.write(accepted(again)))).isEqualTo(new Effect.None());
        assertThat(queries.find(intent.key()).orElseThrow().attempts()).isEqualTo(2);
    }

    @Test
    void anIntentThatWasNotCommittedIsWrittenAgainInAGroup() {
        Intent intent = intent(newKey());

        OpenedRequest opened = await(writer.openAgain(intent));

        assertThat(opened.started()).isTrue();
        assertThat(groups.sizes()).containsExactly(1);
    }

    @Test
    void whatIsQueuedIsWrittenAtShutdown() {
        OpenedRequest alone = openAlone(newKey());
        groups.hold();
        List<PendingWrite<OpenedRequest>> writes = IntStream.range(0, 50)
                .mapToObj(_ -> writer.open(intent(newKey())))
                .toList();
        PendingWrite<Effect> single = writer.write(answer(alone, new Change.Transition.Stay()));
        CompletableFuture<Void> close = CompletableFuture.runAsync(writer::close);
        soon(() -> assertThatThrownBy(() -> writer.open(intent(newKey())).await(Duration.ZERO))
                .isInstanceOf(TransientDataAccessResourceException.class));
        assertThat(close).isNotDone();

        groups.letGo();

        assertThat(close).succeedsWithin(SOON);
        assertThat(writes).allMatch(write -> write.await(Duration.ZERO).started());
        assertThat(single.await(Duration.ZERO)).isEqualTo(new Effect.None());
    }

    @Test
    void aRehearsalLeavesNothingBehind() {
        new Rehearsal(ledger, changes, groups, transactions, java.time.Clock.systemUTC()).afterSingletonsInstantiated();

        assertThat(groups.sizes()).as("groups that were written").hasSize(50);
        assertThat(count("cancellation")).isZero();
        assertThat(count("cancellation_request")).isZero();
        assertThat(count("scheduled_tasks")).isZero();
    }

    private static void soon(ThrowingRunnable assertion) {
        Awaitility.await().atMost(SOON).untilAsserted(assertion);
    }

    private int active() {
        return database().getHikariPoolMXBean().getActiveConnections();
    }

    /** All columns but those that differ between two cancellations. */
    private List<Map<String, Object>> rows(String table, CancellationKey key) {
        long id = queries.find(key).orElseThrow().id();
        String where = switch (table) {
            case "cancellation" -> "id = " + id;
            case "cancellation_request" -> "cancellation_id = " + id;
            default -> "task_instance = '" + id + "-1'";
        };
        List<Map<String, Object>> rows = new ArrayList<>();
        for (Map<String, Object> row :
                jdbc.sql("SELECT * FROM " + table + " WHERE " + where).query().listOfRows()) {
            Map<String, Object> kept = new HashMap<>();
            row.forEach((column, value) -> kept.put(column.toLowerCase(Locale.ROOT), value));
            kept.keySet().removeAll(List.of("id", "batch_id", "cancellation_id", "task_instance", "request_key"));
            rows.add(kept);
        }
        return rows;
    }

    private long count(String table) {
        return jdbc.sql("SELECT COUNT(*) FROM " + table).query(Long.class).single();
    }

    private OpenedRequest openAlone(CancellationKey key) {
        return transactions.run(() -> ledger.open(intent(key)));
    }

    private static Change accepted(OpenedRequest opened) {
        return accepted(opened, SNAPSHOT);
    }

    private static Change accepted(OpenedRequest opened, BatchSnapshot snapshot) {
        return answer(opened, new Change.Transition.Accept(snapshot));
    }

    private static Change answer(OpenedRequest opened, Change.Transition transition) {
        return new Change(
                opened.key(),
                opened.id(),
                opened.life(),
                new Change.Sent(2, transition instanceof Change.Transition.Accept),
                new Change.RequestResult(opened.request(), "accepted"),
                transition,
                NOON.plusSeconds(1));
    }

    private static Intent intent(CancellationKey key) {
        return new Intent(
                UUID.randomUUID(), key, "billing", null, null, NOON, NOON.plusSeconds(15), false, NOON.plusSeconds(2));
    }

    private CancellationKey newKey() {
        return key(batches.incrementAndGet());
    }

    private static CancellationKey key(long batch) {
        return new CancellationKey(ACME, "%024x".formatted(batch));
    }

    private static <T> T await(PendingWrite<T> write) {
        return write.await(SOON);
    }

    /** Runs statements in a transaction that stays open until this is closed. */
    private final class Lock implements AutoCloseable {

        private final CountDownLatch end = new CountDownLatch(1);
        private final CompletableFuture<Void> transaction;

        Lock(Runnable statements) throws InterruptedException {
            CountDownLatch locked = new CountDownLatch(1);
            transaction = CompletableFuture.runAsync(
                    () -> transactions.run(() -> {
                        statements.run();
                        locked.countDown();
                        try {
                            return end.await(60, TimeUnit.SECONDS);
                        } catch (InterruptedException e) {
                            throw new IllegalStateException(e);
                        }
                    }),
                    task -> Thread.ofVirtual().start(task));
            locked.await();
        }

        @Override
        public void close() {
            end.countDown();
            transaction.join();
        }
    }

    /** The groups' statements, which can be held up. */
    static final class HeldGroups implements GroupStatements {

        private final GroupStatements statements;
        private final List<Integer> sizes = Collections.synchronizedList(new ArrayList<>());
        private volatile CountDownLatch free = new CountDownLatch(0);
        private volatile CountDownLatch held = new CountDownLatch(1);

        HeldGroups(GroupStatements statements) {
            this.statements = statements;
        }

        List<Integer> sizes() {
            return sizes;
        }

        void hold() {
            held = new CountDownLatch(1);
            free = new CountDownLatch(1);
        }

        void awaitHeld() {
            try {
                assertThat(held.await(20, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        void letGo() {
            free.countDown();
        }

        @Override
        public void limitLockWait() {
            statements.limitLockWait();
        }

        @Override
        public Written write(List<Opening> openings, List<Acceptance> acceptances) {
            sizes.add(openings.size() + acceptances.size());
            held.countDown();
            try {
                assertThat(free.await(60, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return statements.write(openings, acceptances);
        }
    }
}
