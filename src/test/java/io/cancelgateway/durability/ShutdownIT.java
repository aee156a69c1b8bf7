package io.cancelgateway.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.Databases;
import io.cancelgateway.support.GatewayLog;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.TestGateway;
import java.net.ConnectException;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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

    @Test
    void callersThatWaitAreAnsweredAtOnce() {
        try (TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC());
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            TestGateway gateway = TestGateway.builder().upstream(simulator).start();
            Function<String, CompletableFuture<Reply>> cancel = prefer -> {
                String id = endless(simulator);
                return CompletableFuture.supplyAsync(() -> gateway.cancel(id, "Prefer", prefer), threads);
            };
            CompletableFuture<Reply> synchronous = cancel.apply("wait=60");
            CompletableFuture<Reply> asynchronous = cancel.apply("respond-async, wait=60");
            await().until(() -> simulator.requests(Operation.RETRIEVE).size() == 2); // for both who wait
            simulator.next(Operation.CANCEL, Fault.slow(Duration.ofSeconds(2)));
            CompletableFuture<Reply> notYetAccepted = cancel.apply("wait=60");
            await().until(() -> simulator.requests(Operation.CANCEL).size() == 3);
            assertThat(List.of(synchronous, asynchronous, notYetAccepted)).noneMatch(CompletableFuture::isDone);

            Instant told = Instant.now();
            gateway.close();

            assertThat(Duration.between(told, Instant.now())).isLessThan(Duration.ofSeconds(30));
            for (CompletableFuture<Reply> waited : List.of(synchronous, notYetAccepted)) {
                Reply reply = waited.join();
                assertThat(reply.status()).as(reply.text()).isEqualTo(202);
                assertThat(reply.json().path("status").stringValue()).isEqualTo("canceling");
                assertThat(reply.header("Preference-Applied")).isNull();
            }
            Reply record = asynchronous.join();
            assertThat(record.status()).as(record.text()).isEqualTo(202);
            assertThat(record.json().path("state").stringValue()).isEqualTo("canceling");
            assertThat(record.header("Location")).startsWith("/v1/cancellations/");
            assertThat(record.header("Preference-Applied")).isEqualTo("respond-async");
        }
    }

    @Test
    void followUpsStopWhileRequestsFinish() {
        try (TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC());
                TestGateway gateway = TestGateway.builder()
                        .upstream(simulator)
                        .with("gateway.upstream.attempt-timeout", "30s")
                        .with("gateway.upstream.deadline", "30s")
                        .start();
                GatewayLog scheduler = new GatewayLog("com.github.kagkarlsson.scheduler")) {
            CompletableFuture<Void> followUpsStopped = new CompletableFuture<>();
            simulator.meanwhile(request -> followUpsStopped.join());
            CompletableFuture<Reply> inFlight = gateway.cancelAsync(endless(simulator));
            await().until(() -> simulator.requests().size() == 1);

            CompletableFuture<Void> stop = CompletableFuture.runAsync(gateway::close);
            try {
                await().atMost(Duration.ofSeconds(20)).until(() -> logged(scheduler, "Scheduler stopped."));
            } finally {
                followUpsStopped.complete(null);
            }

            assertThat(inFlight.join().status()).isEqualTo(202);
            stop.join();
            assertThat(logged(scheduler, "Multiple calls to 'stop()'. Scheduler is already stopping."))
                    .isFalse();
        }
    }

    /** The scheduler thinks that it interrupts the delivery, and the phase is over before it ends. */
    @Test
    void aDeliveryUnderWayIsRecorded(@TempDir Path directory) {
        try (TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC())) {
            TestGateway.Builder settings = TestGateway.builder()
                    .upstream(simulator)
                    .database(Databases.h2(directory))
                    .with("gateway.upstream.attempt-timeout", "50s")
                    .with("gateway.upstream.deadline", "50s")
                    .with("spring.lifecycle.timeout-per-shutdown-phase", "1s")
                    .with("db-scheduler.shutdown-max-wait", "4s");
            String id = endless(simulator);
            try (TestGateway gateway = settings.start();
                    GatewayLog scheduler = new GatewayLog("com.github.kagkarlsson.scheduler")) {
                simulator.meanwhile(cancel -> await().atMost(Duration.ofSeconds(40))
                        .until(() -> logged(scheduler, "Interrupting executor service threads for shutdown.")));
                assertThat(gateway.cancel(id, "Prefer", "respond-async").status())
                        .isEqualTo(202);
                await().until(() -> simulator.requests(Operation.CANCEL).size() == 1);
                gateway.close();
            }

            simulator.meanwhile(request -> {});
            simulator.always(Operation.RETRIEVE, Fault.status(503, "down")); // nothing can be learned afterwards
            try (TestGateway restarted = settings.start()) {
                assertThat(restarted.state(id)).isEqualTo("canceling");
                assertThat(restarted.record(id).path("attempts").intValue()).isEqualTo(1);
            }
            assertThat(simulator.requests(Operation.CANCEL)).hasSize(1);
        }
    }

    private static boolean logged(GatewayLog log, String message) {
        return log.events().stream()
                .anyMatch(event -> event.getFormattedMessage().equals(message));
    }

    /** A batch that goes on running. */
    private static String endless(TwelveLabsSimulator simulator) {
        return simulator
                .account(TestGateway.KEY)
                .createBatch(7, 2, Duration.ofHours(1))
                .id();
    }
}
