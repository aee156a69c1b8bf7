package io.cancelgateway.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.CancelGatewayApplication;
import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.EndToEnd;
import java.net.ConnectException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

class ShutdownIT {

    @Test
    void whatIsInFlightFinishesAndNothingNewIsTaken() {
        try (TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC())) {
            String id = simulator.account("tlk_1").createBatch().id();
            simulator.next(Operation.CANCEL, Fault.status(503, "busy"), Fault.slow(Duration.ofSeconds(2)));
            ConfigurableApplicationContext gateway = new SpringApplicationBuilder(CancelGatewayApplication.class)
                    .run(
                            "--server.port=0",
                            "--management.server.port=0",
                            "--gateway.upstream.base-url=" + simulator.baseUrl(),
                            "--gateway.tenants.acme.api-key=tlk_1",
                            "--gateway.callers.ops.token-sha256=" + EndToEnd.sha256("t"),
                            "--gateway.callers.ops.tenants=acme");
            int port = Integer.parseInt(gateway.getEnvironment().getRequiredProperty("local.server.port"));
            CompletableFuture<HttpResponse<String>> inFlight = HttpClient.newHttpClient()
                    .sendAsync(
                            HttpRequest.newBuilder(URI.create(
                                            "http://127.0.0.1:" + port + "/v1.3/analyze/batches/" + id + "/cancel"))
                                    .POST(HttpRequest.BodyPublishers.noBody())
                                    .header("x-api-key", "t")
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
            await().until(() -> simulator.requests().size() == 2);

            CompletableFuture<Void> stop = CompletableFuture.runAsync(gateway::close);
            await().untilAsserted(() -> assertThatThrownBy(() -> new Socket("127.0.0.1", port).close())
                    .isInstanceOf(ConnectException.class));
            assertThat(inFlight).isNotDone();

            assertThat(inFlight.join().statusCode()).isEqualTo(202);
            stop.join();
        }
    }
}
