package io.cancelgateway.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.TestGateway;
import java.net.ConnectException;
import java.net.Socket;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class ShutdownIT {

    @Test
    void whatIsInFlightFinishesAndNothingNewIsTaken() {
        try (TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC())) {
            String id = simulator.account(TestGateway.KEY).createBatch().id();
            simulator.next(Operation.CANCEL, Fault.status(503, "busy"), Fault.slow(Duration.ofSeconds(2)));
            TestGateway gateway = TestGateway.builder().upstream(simulator).start();
            CompletableFuture<Reply> inFlight = gateway.cancelAsync(id);
            await().until(() -> simulator.requests().size() == 2);

            CompletableFuture<Void> stop = CompletableFuture.runAsync(gateway::close);
            await().untilAsserted(() -> assertThatThrownBy(() -> new Socket("127.0.0.1", gateway.port()).close())
                    .isInstanceOf(ConnectException.class));
            assertThat(inFlight).isNotDone();

            assertThat(inFlight.join().status()).isEqualTo(202);
            stop.join();
        }
    }
}
