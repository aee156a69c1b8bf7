package io.cancelgateway.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.DatabaseProxy;
import io.cancelgateway.support.Databases;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.TestGateway;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** PostgreSQL fails in every way under traffic, and comes back: no synchronous cancel fails, and nothing is lost. */
@Tag("long")
class LedgerOutageIT {

    private static final int QUEUED = 7;
    private static final int CALLERS = 4;
    private static final Duration BETWEEN_CANCELS = Duration.ofMillis(60);
    private static final Duration OUTAGE = Duration.ofSeconds(Integer.getInteger("outage.seconds", 4));

    @TempDir
    private Path directory;

    private final List<SimulatedBatch> batches = Collections.synchronizedList(new ArrayList<>());
    private final List<Duration> latencies = Collections.synchronizedList(new ArrayList<>());
    private final List<String> failures = Collections.synchronizedList(new ArrayList<>());

    @Test
    void synchronousCancelsGoThroughAndEverythingIsCounted() throws Exception {
        String database = Databases.postgres();
        try (TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC());
                DatabaseProxy proxy = DatabaseProxy.before(database);
                TestGateway.Packaged gateway = TestGateway.builder()
                        .upstream(simulator)
                        .database(proxy.address())
                        // shorter than in production: a statement on a connection that is dead waits for so long
                        .with("spring.datasource.hikari.data-source-properties.socketTimeout", 3)
                        .followUps("500ms", "2s")
                        .startPackaged(directory)) {
            TwelveLabsSimulator.Account account = simulator.account(TestGateway.KEY);
            AtomicBoolean over = new AtomicBoolean();
            try (ExecutorService callers = Executors.newFixedThreadPool(CALLERS)) {
                List<Future<?>> traffic = new ArrayList<>();
                for (int i = 0; i < CALLERS; i++) {
                    traffic.add(callers.submit(() -> cancelUntil(over, gateway, account)));
                }
                try {
                    phase("healthy", gateway, () -> {});
                    phase("accepts and closes", gateway, proxy::closeConnections);
                    back(gateway, proxy);
                    phase("accepts and is silent", gateway, proxy::hang);
                    back(gateway, proxy);
                    phase("hangs", gateway, proxy::stall);
                    back(gateway, proxy);
                    phase("is read-only", gateway, () -> readOnly(database, "on"));
                    readOnly(database, "off");
                    back(gateway, proxy);
                } finally {
                    over.set(true);
                }
                for (Future<?> caller : traffic) {
                    caller.get();
                }
            }

            assertThat(failures).isEmpty();
            assertEverythingIsCounted(gateway);
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
                assertThat(gateway.metric("hikaricp_connections_pending", "")).isZero();
                assertThat(gateway.metric("hikaricp_connections_active", "")).isLessThanOrEqualTo(1);
            });
        }
    }

    private void cancelUntil(AtomicBoolean over, TestGateway gateway, TwelveLabsSimulator.Account account) {
        while (!over.get()) {
            SimulatedBatch batch = account.createBatch(QUEUED, 0, Duration.ofHours(1));
            batches.add(batch);
            LockSupport.parkNanos(BETWEEN_CANCELS.toNanos());
            long start = System.nanoTime();
            Reply reply = gateway.cancel(batch.id());
            latencies.add(Duration.ofNanos(System.nanoTime() - start));
            if (reply.status() != 202) {
                failures.add(reply.status() + " " + reply.text());
            }
        }
    }

    /** Lets the database fail for a while. What is accepted as asynchronous meanwhile must be canceled in the end. */
    private void phase(String name, TestGateway.Packaged gateway, Outage begin) throws SQLException {
        begin.run();
        latencies.clear();
        Instant end = Instant.now().plus(OUTAGE);
        int accepted = 0;
        int refused = 0;
        Duration longestScrape = Duration.ZERO;
        while (Instant.now().isBefore(end)) {
            Reply reply = gateway.cancel("68f4ddaf8aaa60d33df0e%03x".formatted(accepted), "Prefer", "respond-async");
            switch (reply.status()) {
                case 202 -> accepted++;
                case 503 -> refused++;
                default -> failures.add("asynchronous " + reply.status() + " " + reply.text());
            }
            long start = System.nanoTime();
            gateway.metric("cancel_gateway_pending", "state=");
            Duration scrape = Duration.ofNanos(System.nanoTime() - start);
            longestScrape = scrape.compareTo(longestScrape) > 0 ? scrape : longestScrape;
        }
        List<Duration> sorted = latencies.stream().sorted().toList();
        System.out.printf(
                "LEDGER %s: %d synchronous cancels, p50 %d ms, p99 %d ms; %d asynchronous accepted, %d refused;"
                        + " longest scrape %d ms%n",
                name,
                sorted.size(),
                sorted.get(sorted.size() / 2).toMillis(),
                sorted.get(sorted.size() * 99 / 100).toMillis(),
                accepted,
                refused,
                longestScrape.toMillis());
        assertThat(longestScrape).isLessThan(Duration.ofSeconds(2)); // a second, and what a busy machine adds
    }

    private static void back(TestGateway.Packaged gateway, DatabaseProxy proxy) {
        proxy.serve();
        await().atMost(Duration.ofSeconds(60))
                .until(() -> gateway.cancel("68f4ddaf8aaa60d33df0efff").header("Cancellation-Recorded") == null);
    }

    private void assertEverythingIsCounted(TestGateway gateway) {
        int items = QUEUED * batches.size();
        await().atMost(Duration.ofSeconds(120))
                .pollInterval(Duration.ofSeconds(1))
                .untilAsserted(() -> {
                    assertThat(gateway.metric("cancel_gateway_pending", "state="))
                            .isZero();
                    assertThat(gateway.metric("cancel_gateway_ledger_items", "result=\"canceled\""))
                            .isEqualTo(items);
                });
        assertThat(batches)
                .allSatisfy(batch -> assertThat(gateway.state(batch.id())).isEqualTo("canceled"));
    }

    private static void readOnly(String database, String onOrOff) throws SQLException {
        String name = database.replaceAll(".*/([^?]+).*", "$1");
        try (Connection connection = DriverManager.getConnection(database);
                Statement statement = connection.createStatement()) {
            statement.execute("SET default_transaction_read_only = off");
            statement.execute("ALTER DATABASE " + name + " SET default_transaction_read_only = " + onOrOff);
            // as a failover does: connections are lost, and new ones reach the database as it is now
            statement.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name
                    + "' AND pid <> pg_backend_pid()");
        }
    }

    private interface Outage {
        void run() throws SQLException;
    }
}
