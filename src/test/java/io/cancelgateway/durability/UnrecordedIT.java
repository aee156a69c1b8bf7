package io.cancelgateway.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.durability.Books.Items;
import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.DatabaseProxy;
import io.cancelgateway.support.Databases;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.TestGateway;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A replica without its ledger cancels a batch. Before that is written down, the other replica finds the batch
 * canceled, as if by somebody else. Once it is written down, the batch is ours, and is counted.
 */
class UnrecordedIT {

    private final String database = Databases.postgres();
    private final Books books = new Books(database);
    private final TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC());
    private final DatabaseProxy proxy = DatabaseProxy.before(database);
    private SimulatedBatch batch;
    private TestGateway cutOff;
    private TestGateway other;

    @BeforeEach
    void start() {
        batch = simulator.account(TestGateway.KEY).createBatch(8, 1, Duration.ofHours(1));
        cutOff = start(proxy.address());
        other = start(database);
    }

    @AfterEach
    void stop() {
        cutOff.close();
        other.close();
        proxy.close();
        simulator.close();
    }

    @Test
    void anotherRequestFindsItCanceledBeforeTheFirstIsWrittenDown() {
        cancelUnrecordedAndEnd();
        assertThat(other.cancel(batch.id()).status()).isEqualTo(409);
        await().until(() -> other.state(batch.id()).equals("canceled"));

        proxy.serve();

        awaitCounted();
    }

    @Test
    void aDeliveryFindsItCanceledBeforeTheFirstIsWrittenDown() {
        // not delivered for now: a 429 is no ambiguous answer
        simulator.always(Operation.CANCEL, Fault.rateLimited("3"));
        assertThat(other.cancel(batch.id(), "Prefer", "respond-async").status()).isEqualTo(202);
        await().until(() -> !simulator.requests(Operation.CANCEL).isEmpty());
        simulator.always(Operation.CANCEL, Fault.none());
        cancelUnrecordedAndEnd();
        await().atMost(Duration.ofSeconds(30))
                .until(() -> other.state(batch.id()).equals("canceled"));

        proxy.serve();

        awaitCounted();
    }

    private void cancelUnrecordedAndEnd() {
        proxy.stall();
        Reply reply = cutOff.cancel(batch.id());
        assertThat(reply.status()).isEqualTo(202);
        assertThat(reply.header("Cancellation-Recorded")).isEqualTo("false");
        batch.drain(Instant.now());
    }

    private void awaitCounted() {
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(books.totals()).isEqualTo(new Items(7, 1, 0)));
        assertThat(other.record(batch.id()).at("/counts_final/canceled_items").intValue())
                .isEqualTo(7);
        await().untilAsserted(() -> {
            assertThat(books.open()).isZero();
            assertThat(books.followUps()).isZero();
        });
    }

    private TestGateway start(String address) {
        return TestGateway.builder()
                .upstream(simulator)
                .database(address)
                .followUps("300ms", "1s")
                .start();
    }
}
