package io.cancelgateway.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.Databases;
import io.cancelgateway.support.GatewayLog;
import io.cancelgateway.support.TestGateway;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Two replicas on one PostgreSQL whose clocks are 30 s apart. Each takes the other's follow-ups for overdue or dead, or
 * for not due yet: nothing is lost, and nothing is counted twice.
 */
@Tag("long")
class ClocksIT {

    private static final Duration APART = Duration.ofSeconds(30);
    private static final int BATCHES = 100;

    @Test
    void thirtySecondsApart() throws Exception {
        String database = Databases.postgres();
        Service service = new Service();
        try (TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC());
                TestGateway.InProcess behind = start("behind", simulator, database, Clock.systemUTC());
                TestGateway.InProcess ahead =
                        start("ahead", simulator, database, Clock.offset(Clock.systemUTC(), APART));
                GatewayLog scheduler = new GatewayLog("com.github.kagkarlsson.scheduler")) {
            service.add(behind);
            service.add(ahead);
            // long enough for the one that is ahead to find a follow-up of the other one, and take it for dead
            simulator.always(Operation.RETRIEVE, Fault.slow(Duration.ofSeconds(1)));
            Load.answerSomeAmbiguously(simulator);
            try (Load load = new Load(simulator, service, Duration.ofMillis(80), List.of("", "respond-async"))) {
                await().atMost(Duration.ofMinutes(2))
                        .until(() -> load.batches().size() > BATCHES && takenForDead(scheduler) > 0);
                load.close();
                simulator.always(Operation.RETRIEVE, Fault.none());

                System.out.printf("CLOCKS %s, %d follow-ups were taken for dead%n", load, takenForDead(scheduler));
                Books books = new Books(database);
                books.awaitAgreement(load.batches());
                assertThat(books.totals().canceled()).isGreaterThan((Load.QUEUED - 1) * BATCHES / 2);
                assertThat(canceled(behind) + canceled(ahead))
                        .isEqualTo(books.totals().canceled());
            }
        }
    }

    /** Of the counter, which each replica has for what it counted. */
    private static double canceled(TestGateway gateway) {
        return gateway.metric("cancel_gateway_items_total", "result=\"canceled\"");
    }

    private static long takenForDead(GatewayLog scheduler) {
        return scheduler.events().stream()
                .filter(event -> event.getFormattedMessage().startsWith("Found dead execution"))
                .count();
    }

    private static TestGateway.InProcess start(
            String name, TwelveLabsSimulator simulator, String database, Clock clock) {
        return TestGateway.builder()
                .upstream(simulator)
                .database(database)
                .clock(clock)
                .with("db-scheduler.scheduler-name", name)
                .with("db-scheduler.heartbeat-interval", "1s")
                .with("db-scheduler.polling-interval", "100ms")
                // no call is refused for the load's faults, nor because the machine is slow
                .with("resilience4j.circuitbreaker.configs.tenant.minimum-number-of-calls", 100_000)
                .with("gateway.bulkhead.max-concurrent-calls", 100)
                .followUps("300ms", "1s")
                .start();
    }
}
