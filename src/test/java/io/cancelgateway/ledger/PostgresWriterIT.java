package io.cancelgateway.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import io.cancelgateway.ledger.WriterContract.HeldGroups;
import io.cancelgateway.problem.ProblemType;
import io.cancelgateway.problem.Problems;
import io.cancelgateway.support.CountedStatements;
import io.cancelgateway.support.DatabaseProxy;
import io.cancelgateway.support.Databases;
import io.cancelgateway.tenant.TenantId;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.Connection;
import java.sql.DriverManager;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.jdbc.support.JdbcTransactionManager;

/** The writer over a network that fails. What it promises while nothing fails is in {@link WriterContract}. */
class PostgresWriterIT {

    private static final Instant NOON = Instant.parse("2026-06-01T12:00:00Z");
    private static final Duration SOON = Duration.ofSeconds(20);

    private final String address = Databases.postgres();
    private final DatabaseProxy proxy = DatabaseProxy.before(address);
    private final HikariDataSource pool = new HikariDataSource();
    private final CountedStatements statements = new CountedStatements();

    /** Not by way of the proxy. */
    private final JdbcClient database = JdbcClient.create(new DriverManagerDataSource(address));

    private HeldGroups groups;
    private LedgerWriter writer;
    private int batches;

    @BeforeEach
    void start() {
        Flyway.configure().dataSource(address, null, null).load().migrate();
        pool.setJdbcUrl(proxy.address() + "&queryTimeout=1&cancelSignalTimeout=1&socketTimeout=2");
        pool.setConnectionTimeout(1000);
        pool.setMaximumPoolSize(8);
        DataSource counted = (DataSource) statements.postProcessAfterInitialization(pool, "dataSource");
        Ledger ledger = new Ledger(JdbcClient.create(counted));
        JdbcTransactionManager manager = new JdbcTransactionManager(counted);
        groups = new HeldGroups(new LedgerConfiguration().groupStatements(new JdbcTemplate(counted), manager));
        writer = new LedgerWriter(
                ledger,
                new ChangeWriter(ledger),
                new LedgerTransactions(manager, new SimpleMeterRegistry()),
                groups,
                2);
    }

    @AfterEach
    void stop() {
        groups.letGo();
        proxy.serve();
        writer.close();
        pool.close();
        proxy.close();
    }

    @Test
    void aNewCancelCostsTwoRoundTrips() {
        OpenedRequest opened = writer.open(intent()).await(SOON);
        writer.write(accepted(opened)).await(SOON);

        assertThat(statements.count()).isEqualTo(2);
    }

    @Test
    void manyCancelsInAGroupCostAsMuchAsOne() {
        groups.hold();
        writer.open(intent());
        groups.awaitHeld();
        List<PendingWrite<OpenedRequest>> writes =
                IntStream.range(0, 50).mapToObj(_ -> writer.open(intent())).toList();
        groups.letGo();
        writes.forEach(write -> write.await(SOON));

        assertThat(statements.count()).isEqualTo(2);
    }

    @Test
    void withoutADatabaseAWholeGroupFailsAtOnce() {
        writer.open(intent()).await(SOON);
        groups.hold();
        List<PendingWrite<OpenedRequest>> first = List.of(writer.open(intent()));
        groups.awaitHeld();
        List<PendingWrite<OpenedRequest>> group =
                IntStream.range(0, 50).mapToObj(_ -> writer.open(intent())).toList();
        proxy.closeConnections();
        long start = System.nanoTime();

        groups.letGo();

        assertThat(List.of(first, group))
                .allSatisfy(writes -> assertThat(writes)
                        .extracting(write -> Problems.of(catchThrowable(() -> write.await(SOON)))
                                .type())
                        .containsOnly(ProblemType.LEDGER_UNAVAILABLE));
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(8));
        assertThat(groups.sizes()).containsExactly(1, 1, 50);
        assertThat(requests()).isEqualTo(1);

        proxy.serve();
        assertThat(again(() -> writer.open(intent()).await(SOON)).started()).isTrue();
    }

    @Test
    void anIntentAndAResultWhoseCommitGotNoAnswerAreWrittenOnce() {
        Intent intent = intent();
        proxy.loseAnswers();
        PendingWrite<OpenedRequest> unanswered = writer.open(intent);
        await().atMost(SOON).untilAsserted(() -> assertThat(requests()).isEqualTo(1));
        proxy.closeConnections();
        assertThatThrownBy(() -> unanswered.await(SOON))
                .satisfies(e -> assertThat(Problems.of(e).type()).isEqualTo(ProblemType.LEDGER_UNAVAILABLE));
        proxy.serve();

        OpenedRequest opened = again(() -> writer.openAgain(intent).await(SOON));

        assertThat(requests()).isEqualTo(1);
        proxy.loseAnswers();
        PendingWrite<Effect> unansweredResult = writer.write(accepted(opened));
        await().atMost(SOON).untilAsserted(() -> assertThat(attempts()).isEqualTo(2));
        proxy.closeConnections();
        assertThatThrownBy(() -> unansweredResult.await(SOON)).isInstanceOf(RuntimeException.class);
        proxy.serve();

        assertThat(again(() -> writer.write(accepted(opened)).await(SOON))).isEqualTo(new Effect.None());

        assertThat(attempts()).isEqualTo(2);
        assertThat(requests()).isEqualTo(1);
        assertThat(database.sql("SELECT outcome FROM cancellation_request")
                        .query(String.class)
                        .list())
                .containsExactly("accepted");
        assertThat(groups.sizes())
                .as("nothing was repeated by the writer itself")
                .hasSizeLessThan(12);
    }

    /** What waits for its turn would take its time to fail, one after the other. */
    @Test
    void whatWaitsBehindOthersFailsWithThemWhenTheDatabaseIsGone() throws Exception {
        OpenedRequest opened = writer.open(intent()).await(SOON);
        CountDownLatch done = new CountDownLatch(20);
        proxy.stall();
        long start = System.nanoTime();

        List<PendingWrite<Effect>> results = IntStream.range(0, 20)
                .mapToObj(_ -> writer.write(failed(opened)))
                .toList();
        results.forEach(result -> result.whenEnded(_ -> {}, _ -> done.countDown()));
        assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
        proxy.serve();
        assertThat(again(() -> writer.open(intent()).await(SOON)).started()).isTrue();
    }

    @Test
    void aLockThatIsNotToBeHadFailsOnlyTheWritesThatWaitForIt() throws Exception {
        List<OpenedRequest> opened = IntStream.range(0, 3)
                .mapToObj(_ -> writer.open(intent()).await(SOON))
                .toList();
        try (Connection other = DriverManager.getConnection(address)) {
            other.setAutoCommit(false);
            other.createStatement()
                    .executeUpdate("UPDATE cancellation SET attempts = 9 WHERE id IN (%d, %d)"
                            .formatted(opened.get(0).id(), opened.get(1).id()));
            List<PendingWrite<Effect>> results = opened.stream()
                    .map(request -> writer.write(failed(request)))
                    .toList();

            assertThat(results.get(2).await(SOON)).isInstanceOf(Effect.Ended.class);
            assertThatThrownBy(() -> results.get(0).await(SOON)).isInstanceOf(QueryTimeoutException.class);
            assertThatThrownBy(() -> results.get(1).await(SOON)).isInstanceOf(QueryTimeoutException.class);
        }
    }

    /** Until the pool has found out that its connections are gone. */
    private static <T> T again(Supplier<T> write) {
        return await().atMost(SOON).ignoreExceptions().until(write::get, Objects::nonNull);
    }

    private long requests() {
        return database.sql("SELECT COUNT(*) FROM cancellation_request")
                .query(Long.class)
                .single();
    }

    private int attempts() {
        return database.sql("SELECT attempts FROM cancellation")
                .query(Integer.class)
                .single();
    }

    private static Change accepted(OpenedRequest opened) {
        return result(opened, "accepted", new Change.Transition.Accept(BatchSnapshot.NONE));
    }

    private static Change failed(OpenedRequest opened) {
        return result(opened, "upstream_error", new Change.Transition.EndIfNothingUnresolved(CancellationState.FAILED));
    }

    private static Change result(OpenedRequest opened, String outcome, Change.Transition transition) {
        return new Change(
                opened.key(),
                opened.id(),
                opened.life(),
                new Change.Sent(2, false),
                new Change.RequestResult(opened.request(), outcome),
                transition,
                NOON);
    }

    private Intent intent() {
        CancellationKey key = new CancellationKey(new TenantId("acme"), "%024x".formatted(++batches));
        return new Intent(
                UUID.randomUUID(), key, "billing", null, null, NOON, NOON.plusSeconds(15), false, NOON.plusSeconds(2));
    }
}
