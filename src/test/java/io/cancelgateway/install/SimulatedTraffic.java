package io.cancelgateway.install;

import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.DatabaseProxy;
import io.cancelgateway.support.Http;
import io.cancelgateway.support.TestGateway;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Callers of all kinds, and troubles one after the other: failures that retries heal, an account that hangs, an
 * upstream that is down, a rate limit, a database that is gone, a replica that is replaced; and two tenants with one
 * key.
 */
final class SimulatedTraffic implements AutoCloseable {

    private static final long TICK_MILLIS = 100;
    private static final double CANCELS_PER_SECOND = 8;
    private static final String TWIN = "tlk_twins_4444";

    private final TwelveLabsSimulator upstream = TwelveLabsSimulator.start(Clock.systemUTC());
    private final TwelveLabsSimulator.Account acme = upstream.account(TestGateway.KEY);
    private final TwelveLabsSimulator.Account globex = upstream.account("tlk_globex_2222");
    private final Random random = new Random(1);
    private final Path keys;

    /** @param keys an empty directory for the tenants' keys */
    SimulatedTraffic(Path keys) throws IOException {
        this.keys = keys;
        upstream.account(TWIN);
        key("acme", TestGateway.KEY);
        key("globex", "tlk_globex_2222");
        key("revoked", "tlk_revoked_3333");
        key("twin-a", TWIN);
        key("twin-b", "tlk_twins_5555");
    }

    private void key(String tenant, String key) throws IOException {
        Files.writeString(keys.resolve(tenant), key);
    }

    TestGateway.Builder gateway(String database) {
        return TestGateway.builder()
                .upstream(upstream)
                .database(database)
                .with("gateway.tenants-dir", keys)
                .with("gateway.callers.billing.tenants", "*")
                // this Prometheus may be older than 2.43, and takes no scrape with exemplars
                .with("management.tracing.sampling.probability", 0)
                .followUps("1s", "5s");
    }

    /**
     * Returns when it is over.
     *
     * @param replicas those that are called; it may change meanwhile
     * @param replace replaces a replica
     */
    void run(Duration duration, List<? extends TestGateway> replicas, DatabaseProxy database, Callable<?> replace)
            throws Exception {
        long ticks = duration.toMillis() / TICK_MILLIS;
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> replaced = CompletableFuture.completedFuture(null);
            long begin = System.nanoTime();
            for (long tick = 0; tick < ticks; tick++) {
                double before = (double) tick / ticks;
                double now = (double) (tick + 1) / ticks;
                trouble(now);
                change(before, now, database);
                if (isAt(0.86, before, now)) {
                    replaced = callers.submit(replace);
                }
                double rate = CANCELS_PER_SECOND * (1 + 0.5 * Math.sin(now * 14)) * TICK_MILLIS / 1000;
                List<? extends TestGateway> running = List.copyOf(replicas);
                for (double left = rate; left > random.nextDouble(); left--) {
                    int port = running.get(random.nextInt(running.size())).port();
                    callers.submit(call(port));
                }
                // the next one begins at its own time, however long this one took
                TimeUnit.NANOSECONDS.sleep(
                        begin + (tick + 1) * TimeUnit.MILLISECONDS.toNanos(TICK_MILLIS) - System.nanoTime());
            }
            replaced.get();
            callers.shutdownNow();
        }
    }

    /** What is changed once at a point, and lasts. */
    private void change(double before, double now, DatabaseProxy database) throws IOException {
        if (isAt(0.40, before, now)) {
            key("twin-b", TWIN);
        } else if (isAt(0.60, before, now) || isAt(0.95, before, now)) {
            acme.allow(15, Duration.ofSeconds(10));
        } else if (isAt(0.67, before, now)) {
            acme.allow(Integer.MAX_VALUE, Duration.ofSeconds(10));
        } else if (isAt(0.72, before, now)) {
            database.closeConnections();
        } else if (isAt(0.78, before, now)) {
            database.serve();
        } else if (isAt(0.90, before, now)) {
            key("twin-b", "tlk_twins_5555");
        }
    }

    private static boolean isAt(double point, double before, double now) {
        return before < point && point <= now;
    }

    /** @param now from 0 to 1 */
    private void trouble(double now) {
        Fault slow = Fault.slow(Duration.ofMillis((long) (30 + 60 * Math.exp(random.nextGaussian()))));
        boolean down = now > 0.46 && now < 0.53;
        boolean flaky = now > 0.10 && now < 0.22;
        acme.always(
                down || flaky && random.nextDouble() < 0.2
                        ? Fault.status(503, "down")
                        : flaky && random.nextDouble() < 0.05 ? Fault.resetBefore() : slow);
        globex.always(down ? Fault.status(503, "down") : now > 0.28 && now < 0.37 ? Fault.hangBefore() : slow);
    }

    /** One request, chosen at random. */
    private Runnable call(int port) {
        double kind = random.nextDouble();
        boolean ofAcme = random.nextDouble() < 0.65;
        String tenant = ofAcme ? "acme" : "globex";
        TwelveLabsSimulator.Account account = ofAcme ? acme : globex;
        String batch = batch(account).id();
        String batches = "/v1.3/analyze/batches";
        String cancel = batches + "/" + batch + "/cancel";
        if (kind < 0.02) {
            return post(port, cancel, tenant, "x-api-key", "token-of-nobody");
        } else if (kind < 0.04) {
            return post(port, batches + "/none/cancel", tenant);
        } else if (kind < 0.07) {
            return post(port, batches + "/000000000000000000000000/cancel", tenant);
        } else if (kind < 0.10) {
            return post(port, batches + "/" + account.createCompletedBatch().id() + "/cancel", tenant);
        } else if (kind < 0.12) {
            return post(port, cancel, "revoked");
        } else if (kind < 0.14) {
            return post(port, cancel, "twin-b");
        } else if (kind < 0.24) {
            return post(port, cancel, tenant, "Prefer", "respond-async");
        } else if (kind < 0.30) {
            return post(port, cancel, tenant, "Prefer", "wait=5");
        } else if (kind < 0.32) {
            String ids = IntStream.range(0, 5)
                    .mapToObj(i -> "\"" + batch(account).id() + "\"")
                    .collect(Collectors.joining(","));
            return () -> Http.send(
                    "POST",
                    "http://127.0.0.1:" + port + "/v1/cancellations",
                    HttpRequest.BodyPublishers.ofString("{\"batch_ids\":[" + ids + "]}"),
                    headers(tenant, "Content-Type", "application/json"));
        } else if (kind < 0.40) {
            return () -> Http.send("GET", "http://127.0.0.1:" + port + batches + "/" + batch, headers(tenant));
        } else if (kind < 0.43) {
            return () -> Http.send("GET", "http://127.0.0.1:" + port + batches, headers(tenant));
        }
        return post(port, cancel, tenant);
    }

    /** Some end at once when they are canceled, some take most of a minute. In a few an item has failed. */
    private SimulatedBatch batch(TwelveLabsSimulator.Account account) {
        long secondsAnItem = 1L + random.nextInt(random.nextDouble() < 0.8 ? 20 : 60);
        SimulatedBatch batch =
                account.createBatch(10 + random.nextInt(60), 1 + random.nextInt(4), Duration.ofSeconds(secondsAnItem));
        if (random.nextDouble() < 0.2) {
            batch.failOne(Instant.now());
        }
        return batch;
    }

    private static Runnable post(int port, String path, String tenant, String... more) {
        return () -> Http.send("POST", "http://127.0.0.1:" + port + path, headers(tenant, more));
    }

    private static String[] headers(String tenant, String... more) {
        List<String> headers = new ArrayList<>(List.of("X-Tenant-Id", tenant));
        headers.addAll(List.of(more));
        if (!headers.contains("x-api-key")) {
            headers.addAll(List.of("x-api-key", TestGateway.TOKEN));
        }
        return headers.toArray(String[]::new);
    }

    @Override
    public void close() {
        upstream.close();
    }
}
