package io.cancelgateway.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.Databases;
import io.cancelgateway.support.TestGateway;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two replicas on one PostgreSQL are replaced one after the other under mixed load, as a Deployment does: the new one
 * is ready before the old one is sent nothing more, and then SIGTERM. No call fails, and nothing is lost.
 */
@Tag("long")
class RollingRestartIT {

    private static final int ANSWERS = 50;

    @TempDir
    private Path directory;

    @Test
    void noCallFailsAndNothingIsLost() throws Exception {
        String database = Databases.postgres();
        List<TestGateway.Packaged> replicas = new ArrayList<>();
        try (TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC())) {
            Service service = new Service();
            for (int i = 0; i < 2; i++) {
                replicas.add(start(simulator, database));
                service.add(replicas.getLast());
            }
            List<String> mixed = List.of("", "respond-async", "wait=2", "respond-async, wait=2");
            try (Load load = new Load(simulator, service, Duration.ofMillis(100), mixed)) {
                awaitAnswers(load);
                for (TestGateway.Packaged old : List.copyOf(replicas)) {
                    replicas.add(start(simulator, database));
                    service.add(replicas.getLast());
                    service.remove(old);
                    old.stop();
                    awaitAnswers(load);
                }
                load.close();

                System.out.println("ROLLING RESTART " + load);
                // where no commit takes less than 300 ms, the ledger counts as down; that is not the restart's doing
                assertThat(load.failures())
                        .filteredOn(failure -> !failure.code().equals("ledger_unavailable"))
                        .isEmpty();
                assertThat(load.failures()).hasSizeLessThan(load.answered() / 10);
                new Books(database).awaitAgreement(load.batches());
            }
        } finally {
            replicas.forEach(TestGateway::close);
        }
    }

    private static void awaitAnswers(Load load) {
        int before = load.answered();
        await().atMost(Duration.ofMinutes(1)).until(() -> load.answered() > before + ANSWERS);
    }

    private TestGateway.Packaged start(TwelveLabsSimulator simulator, String database) {
        return TestGateway.builder()
                .upstream(simulator)
                .database(database)
                // no call is refused because the machine is slow
                .with("resilience4j.circuitbreaker.configs.tenant.minimum-number-of-calls", 100_000)
                .with("gateway.bulkhead.max-concurrent-calls", 100)
                .followUps("300ms", "1s")
                .startPackaged(directory);
    }
}
