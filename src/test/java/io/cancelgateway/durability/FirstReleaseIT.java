package io.cancelgateway.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.durability.Books.Items;
import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.Databases;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.TestGateway;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;

/**
 * The first release and this version on one database: side by side as in a rolling upgrade, and back again as in a
 * rollback. Nothing is lost, and nothing is counted twice.
 */
@Tag("long")
@EnabledIfEnvironmentVariable(
        named = FirstReleaseIT.JAR,
        matches = ".+",
        disabledReason = "Skipped: " + FirstReleaseIT.JAR + " does not name the jar of the first release")
class FirstReleaseIT {

    static final String JAR = "CANCEL_GATEWAY_FIRST_RELEASE";

    /** More than this many answers in each phase. */
    private static final int ANSWERS = 100;

    @TempDir
    private Path directory;

    private final TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC());

    @AfterEach
    void stop() {
        simulator.close();
    }

    @Test
    void sideBySideAndBackUnderLoad() throws Exception {
        String database = Databases.postgres();
        Service service = new Service();
        try (TestGateway.Packaged first = startFirst(database)) {
            service.add(first);
            Load.answerSomeAmbiguously(simulator);
            try (Load load = new Load(simulator, service, Duration.ofMillis(40), List.of(""))) {
                awaitAnswers(load); // of the first release alone
                TestGateway.Packaged upgraded = startThis(database);
                service.add(upgraded);
                awaitAnswers(load); // of both

                service.remove(upgraded);
                upgraded.stop();
                awaitAnswers(load); // rolled back

                try (TestGateway.Packaged again = startThis(database)) {
                    service.add(again);
                    awaitAnswers(load);
                    service.remove(first);
                    first.stop();
                    awaitAnswers(load); // of this version alone
                    load.close();

                    System.out.println("FIRST RELEASE " + load);
                    Books books = new Books(database);
                    books.awaitAgreement(load.batches());
                    assertThat(books.totals().canceled())
                            .isGreaterThan(Load.QUEUED * load.batches().size() / 2);
                    await().untilAsserted(
                                    () -> assertThat(again.metric("cancel_gateway_ledger_items", "result=\"canceled\""))
                                            .isEqualTo(books.totals().canceled()));
                }
            }
        }
    }

    /** The first release knows no asynchronous cancels. It must not end them for the failures of its own requests. */
    @Test
    void asynchronousCancelsOutliveTheSynchronousOnesOfTheFirstRelease() {
        String database = Databases.postgres();
        TwelveLabsSimulator.Account account = simulator.account(TestGateway.KEY);
        List<SimulatedBatch> batches = new ArrayList<>();
        try (TestGateway.Packaged upgraded = startThis(database);
                TestGateway.Packaged first = startFirst(database)) {
            for (Fault outage : List.of(
                    Fault.status(503, "unavailable"), Fault.rateLimited("1"), Fault.status(403, "api_not_allowed"))) {
                simulator.always(Operation.CANCEL, outage);
                for (int i = 0; i < 5; i++) {
                    SimulatedBatch batch = account.createBatch(Load.QUEUED + 1, 1, Duration.ofHours(1));
                    batches.add(batch);
                    // before, and after: the record may be either's
                    if (i % 2 == 0) {
                        assertThat(first.cancel(batch.id()).status()).isGreaterThan(400);
                    }
                    assertThat(upgraded.cancel(batch.id(), "Prefer", "respond-async")
                                    .status())
                            .isEqualTo(202);
                    assertThat(first.cancel(batch.id()).status()).isGreaterThan(400);
                }
            }
            upgraded.stop();
            for (SimulatedBatch batch : batches) { // it alone
                assertThat(first.cancel(batch.id()).status()).isGreaterThan(400);
            }
            Books books = new Books(database);
            assertThat(books.open()).isEqualTo(batches.size());

            simulator.always(Operation.CANCEL, Fault.none());
            try (TestGateway.Packaged again = startThis(database)) {
                first.stop(); // while it runs, it may take a delivery's turn for a poll of its own, and does not
                // deliver
                await().atMost(Duration.ofMinutes(1))
                        .untilAsserted(() -> assertThat(batches)
                                .allMatch(batch -> batch.status(Instant.now()).equals("canceling")));
                drain(batches);
                awaitCounted(again, batches);
                books.awaitAgreement(batches);
            }
        }
    }

    @Test
    void oneAfterTheOtherOnTheSameFile() {
        String database = Databases.h2(directory);
        TwelveLabsSimulator.Account account = simulator.account(TestGateway.KEY);
        List<SimulatedBatch> batches = new ArrayList<>();
        List<Function<String, TestGateway.Packaged>> versions =
                List.of(this::startThis, this::startFirst, this::startThis);
        for (Function<String, TestGateway.Packaged> version : versions) {
            try (TestGateway.Packaged gateway = version.apply(database)) {
                // of the other version, which was stopped before they ended
                for (SimulatedBatch batch : batches) {
                    Reply reply = gateway.cancel(batch.id());
                    assertThat(reply.status())
                            .as(reply.text())
                            .isEqualTo(batch.status(Instant.now()).equals("canceled") ? 409 : 202);
                }
                drain(batches);
                awaitCounted(gateway, batches);
                for (int i = 0; i < 10; i++) {
                    SimulatedBatch batch = account.createBatch(Load.QUEUED + 1, 1, Duration.ofHours(1));
                    batches.add(batch);
                    assertThat(gateway.cancel(batch.id()).status()).isEqualTo(202);
                }
                if (version == versions.getLast()) {
                    drain(batches);
                    awaitCounted(gateway, batches);
                }
                gateway.stop();
            }
        }

        Books books = new Books(database);
        books.awaitAgreement(batches);
        assertThat(books.totals()).isEqualTo(new Items((long) Load.QUEUED * batches.size(), batches.size(), 0));
    }

    private static void drain(List<SimulatedBatch> batches) {
        batches.forEach(batch -> batch.drain(Instant.now()));
    }

    private static void awaitCounted(TestGateway gateway, List<SimulatedBatch> batches) {
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(gateway.metric("cancel_gateway_ledger_items", "result=\"canceled\""))
                        .isEqualTo(Load.QUEUED * batches.size()));
    }

    private static void awaitAnswers(Load load) {
        int before = load.answered();
        await().atMost(Duration.ofMinutes(1)).until(() -> load.answered() > before + ANSWERS);
    }

    private TestGateway.Packaged startFirst(String database) {
        return settings(database).startPackaged(Path.of(System.getenv(JAR)), directory);
    }

    private TestGateway.Packaged startThis(String database) {
        return settings(database).startPackaged(directory);
    }

    private TestGateway.Builder settings(String database) {
        return TestGateway.builder().upstream(simulator).database(database).followUps("300ms", "1s");
    }
}
