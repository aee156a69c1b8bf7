package io.cancelgateway.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.Databases;
import io.cancelgateway.support.PgBouncer;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.TestGateway;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The ledger behind a PgBouncer in transaction mode, set up as docs/KUBERNETES.md says. */
class PgBouncerIT {

    private static final int BATCHES = 40;

    /** Fewer than two pools of the gateways have, so that they take turns. */
    private static final int CONNECTIONS = 4;

    @TempDir
    private Path directory;

    @Test
    void migratesRecordsAndFollowsWithTwoReplicas() throws Exception {
        String direct = Databases.postgres();
        int port = URI.create(direct.substring("jdbc:".length())).getPort();
        try (PgBouncer bouncer = PgBouncer.start(directory, port, CONNECTIONS);
                TwelveLabsSimulator upstream = TwelveLabsSimulator.start(Clock.systemUTC())) {
            String address = direct.replace(":" + port + "/", ":" + bouncer.port() + "/") + "&prepareThreshold=0";
            try (TestGateway one = builder(upstream, address).start();
                    TestGateway other = builder(upstream, address)
                            .with("spring.flyway.url", direct)
                            .with("spring.flyway.user", "postgres")
                            .with("spring.flyway.password", "")
                            .start()) {
                List<SimulatedBatch> batches = new ArrayList<>();
                for (int i = 0; i < BATCHES; i++) {
                    SimulatedBatch batch = upstream.account(TestGateway.KEY).createBatch();
                    batches.add(batch);
                    String[] headers = i % 3 == 0 ? new String[] {"Prefer", "respond-async"} : new String[0];
                    Reply reply = (i % 2 == 0 ? one : other).cancel(batch.id(), headers);
                    assertThat(reply.status()).as(reply.text()).isEqualTo(202);
                    assertThat(reply.header("Cancellation-Recorded")).isNull();
                }
                await().atMost(Duration.ofSeconds(30))
                        .until(() -> batches.stream()
                                .allMatch(batch -> one.state(batch.id()).equals("canceling")));
                batches.forEach(batch -> batch.drain(Instant.now()));
                await().atMost(Duration.ofMinutes(1))
                        .until(() -> batches.stream()
                                .allMatch(batch -> other.state(batch.id()).equals("canceled")));
                assertThat(one.metric("cancel_gateway_unrecorded_total", "")).isZero();
            }
        }
    }

    private static TestGateway.Builder builder(TwelveLabsSimulator upstream, String address) {
        return TestGateway.builder().upstream(upstream).database(address).followUps("200ms", "1s");
    }
}
