package io.cancelgateway.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.durability.Asked.Kind;
import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.DatabaseProxy;
import io.cancelgateway.support.PostgresServer;
import io.cancelgateway.support.Sha256;
import io.cancelgateway.support.TestGateway;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two replicas on one PostgreSQL and clients of all kinds, while replicas are killed, the database fails in every way,
 * the upstream answers every fault of the simulator, and keys are rotated. Then everything is well again, and
 * {@link Verdict} decides. Short by default; {@code -Dchaos.seconds=600} is the long run. The seed,
 * {@code -Dchaos.seed}, decides what happens when, not how the threads interleave.
 */
@Tag("long")
class ChaosIT {

    private static final int SECONDS = Integer.getInteger("chaos.seconds", 25);
    private static final long SEED = Long.getLong("chaos.seed", System.nanoTime());
    private static final Duration PACE = Duration.ofMillis(Integer.getInteger("chaos.pace", 25));

    private static final Set<Kind> KINDS = EnumSet.allOf(Kind.class);

    static final Duration ATTEMPT_TIMEOUT = Duration.ofSeconds(1);

    /** Key files are read again within this time. */
    private static final Duration REREAD = Duration.ofSeconds(10);

    /** What befalls the database. */
    private enum DatabaseFault {
        CLOSES,
        HANGS,
        STALLS,
        STOPS,
        CRASHES,
        FREEZES
    }

    /** Of a cancel; each also after it took effect, where that makes a difference. */
    private static final List<Fault> FAULTS = List.of(
            Fault.status(500, "oops"),
            Fault.flatStatus(500, "oops", "flat"),
            Fault.html502(),
            Fault.status(503, "unavailable"),
            Fault.status(504, "timeout"),
            Fault.status(408, "timeout"),
            Fault.rateLimited("1"),
            Fault.status(429, "too_many_requests"),
            Fault.status(403, "api_not_allowed"),
            Fault.status(401, "api_key_invalid"),
            Fault.resetBefore(),
            Fault.resetAfter(),
            Fault.hangBefore(),
            Fault.hangAfter(),
            Fault.slow(Duration.ofMillis(700)),
            Fault.truncated(),
            Fault.truncated(500, "oops"),
            Fault.truncated(404, "resource_not_exist"),
            Fault.html(),
            Fault.noStatus(),
            Fault.body(202, "application/json", ""));

    @TempDir
    private Path directory;

    private final SplittableRandom seeds = new SplittableRandom(SEED);
    private final Outages outages = new Outages();
    private final AtomicInteger starts = new AtomicInteger();
    private final AtomicInteger kills = new AtomicInteger();
    private final AtomicInteger rotations = new AtomicInteger();
    private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(4);
    private volatile boolean upstreamIsDown;

    @Test
    void everyCancelIsTrueInTheEnd() throws Exception {
        System.out.printf("CHAOS seed %d, %d s%n", SEED, SECONDS);
        try {
            run();
        } catch (AssertionError | Exception e) {
            throw new AssertionError(
                    "Repeat it with -Dchaos.seed=%d -Dchaos.seconds=%d: %s".formatted(SEED, SECONDS, e.getMessage()),
                    e);
        } finally {
            timer.shutdownNow();
        }
    }

    private void run() throws Exception {
        Path keys = Files.createDirectory(directory.resolve("keys"));
        Key key = new Key(keys.resolve(ChaosClients.TENANT), "tlk_acme_0");
        Key otherKey = new Key(keys.resolve(ChaosClients.OTHER_TENANT), "tlk_globex_0");
        try (TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC());
                PostgresServer server = PostgresServer.start(Files.createDirectory(directory.resolve("database")));
                DatabaseProxy proxy = DatabaseProxy.before(server.address())) {
            List<Replica> replicas = startTwo(() -> start(simulator, proxy, keys));
            try {
                ChaosClients clients = new ChaosClients(
                        simulator.account(key.value),
                        simulator.account(otherKey.value),
                        replicas,
                        KINDS,
                        seeds.split().nextLong());
                misbehave(simulator);
                clients.start(PACE);
                List<CompletableFuture<Void>> trouble = List.of(
                        sequence(databaseFaults(), outage -> befall(outage, server, proxy)),
                        sequence(killings(replicas.size()), replica -> killAndStart(replicas.get(replica))),
                        sequence(moments(SECONDS / 10 + 1), _ -> rotate(simulator, key)),
                        sequence(moments(SECONDS / 20 + 1), _ -> upstreamGoesDown()),
                        sequence(moments(SECONDS / 10 + 1), _ -> simulator.killConnections()));
                await().pollDelay(Duration.ofSeconds(SECONDS))
                        .atMost(Duration.ofSeconds(SECONDS + 120))
                        .until(() -> trouble.stream().allMatch(CompletableFuture::isDone));
                trouble.forEach(CompletableFuture::join);
                clients.stop();

                settle(simulator, clients, key, otherKey);
                Set<String> running = deliver(clients);
                judge(simulator, clients, running, replicas, new Books(server.address()));
            } finally {
                replicas.forEach(Replica::kill);
            }
        }
    }

    /** Everything is well from now on; keys change once more, for those that were refused theirs. */
    private void settle(TwelveLabsSimulator simulator, ChaosClients clients, Key key, Key otherKey) {
        for (Operation operation : Operation.values()) {
            simulator.always(operation, Fault.none());
        }
        rotate(simulator, key);
        rotate(simulator, otherKey);
    }

    /** Waits until all that was accepted is delivered; those batches that run for all that. */
    private static Set<String> deliver(ChaosClients clients) {
        Set<String> accepted = clients.asked().stream()
                .flatMap(request -> request.batches().stream().filter(request::queued))
                .collect(Collectors.toSet());
        Set<String> running = new java.util.TreeSet<>();
        try {
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                running.clear();
                accepted.stream()
                        .filter(id -> clients.batch(id) != null)
                        .filter(id -> Set.of("pending", "processing")
                                .contains(clients.batch(id).status(Instant.now())))
                        .forEach(running::add);
                return running.isEmpty();
            });
        } catch (org.awaitility.core.ConditionTimeoutException e) {
            // the verdict tells
        }
        return running;
    }

    private void judge(
            TwelveLabsSimulator simulator,
            ChaosClients clients,
            Set<String> running,
            List<Replica> replicas,
            Books books) {
        for (int item = 0; item < 12; item++) {
            clients.batches().forEach(batch -> batch.drain(Instant.now()));
        }
        Verdict[] last = new Verdict[1];
        try {
            await().atMost(Duration.ofSeconds(100))
                    .pollInterval(Duration.ofSeconds(1))
                    .untilAsserted(() -> {
                        assertThat(books.open()).as("open records").isZero();
                        assertThat(books.followUps()).as("follow-ups").isZero();
                        last[0] = new Verdict(clients.asked(), clients.batches(), simulator, running, outages, books);
                        assertThat(last[0].wrong()).isEmpty();
                    });
        } finally {
            if (last[0] == null) {
                last[0] = new Verdict(clients.asked(), clients.batches(), simulator, running, outages, books);
            }
            report(clients, last[0], books);
        }
        assertThat(clients.lies()).as("what was not true").isEmpty();
        assertThat(simulator.violations()).isEmpty();
        assertThat(last[0].counted())
                .as("counted")
                .isGreaterThan(clients.batches().size() / 4);
        // the slower the machine, and the longer the run, the more cancels are unrecorded when a replica is killed
        assertThat(last[0].excused()).as("excused").isLessThan(clients.batches().size() * 2 / 3);
        assertThat(last[0].excusedAndLost()).as("excused, and in no total").isLessThan(last[0].counted() / 3);
        await().untilAsserted(() -> assertThat(replicas)
                .allSatisfy(replica -> assertThat(
                                replica.life().gateway().metric("cancel_gateway_ledger_items", "result=\"canceled\""))
                        .isEqualTo(books.totals().canceled())));
    }

    private void report(ChaosClients clients, Verdict verdict, Books books) {
        long unrecorded = clients.asked().stream().filter(Asked::unrecorded).count();
        List<Long> sync = clients.asked().stream()
                .filter(request -> request.kind() == Kind.SYNC && request.reply() != null)
                .map(request -> (request.answeredAt() - request.sentAt()) / 1_000_000)
                .sorted()
                .toList();
        System.out.printf(
                "CHAOS %s%nCHAOS %d kills, %d database faults, %d key rotations, %d cancels unrecorded, %s%n"
                        + "CHAOS synchronous cancels: median %d ms, p99 %d ms, longest %d ms%n",
                clients.figures(),
                kills.get(),
                outages.count(),
                rotations.get(),
                unrecorded,
                verdict.figures(),
                sync.get(sync.size() / 2),
                sync.get(sync.size() * 99 / 100),
                sync.getLast());
        clients.lies().forEach(lie -> System.out.println("CHAOS LIE " + lie));
        books.query(
                "SELECT task_instance, execution_time - CURRENT_TIMESTAMP, picked, picked_by, consecutive_failures"
                        + " FROM scheduled_tasks WHERE task_name = 'follow-up'",
                row -> System.out.printf(
                        "CHAOS STILL TO RUN %s in %s, picked %s by %s, failures %s%n",
                        row.getString(1), row.getString(2), row.getString(3), row.getString(4), row.getString(5)));
        verdict.wrong().forEach(wrong -> System.out.println("CHAOS WRONG " + wrong));
    }

    private record Outage(DatabaseFault fault, int millis) {}

    private record Moment<T>(long millis, T what) {}

    private interface Trouble<T> {
        void with(T what) throws Exception;
    }

    /** One after the other, each at its moment or when the one before it is over. None begins when the time is over. */
    private <T> CompletableFuture<Void> sequence(List<Moment<T>> plan, Trouble<T> trouble) {
        long start = System.nanoTime();
        CompletableFuture<Void> last = CompletableFuture.completedFuture(null);
        for (Moment<T> moment : plan) {
            last = last.thenComposeAsync(_ -> {
                long wait = moment.millis() - (System.nanoTime() - start) / 1_000_000;
                return CompletableFuture.runAsync(
                        () -> {
                            if (System.nanoTime() - start > SECONDS * 1_000_000_000L) {
                                return;
                            }
                            try {
                                trouble.with(moment.what());
                            } catch (Exception e) {
                                throw new IllegalStateException("Trouble failed: " + moment, e);
                            }
                        },
                        CompletableFuture.delayedExecutor(Math.max(0, wait), TimeUnit.MILLISECONDS, timer));
            });
        }
        return last;
    }

    /** Each kind in turn, in a new order each time. */
    private List<Moment<Outage>> databaseFaults() {
        SplittableRandom random = seeds.split();
        List<Moment<Outage>> plan = new ArrayList<>();
        List<DatabaseFault> kinds = new ArrayList<>(List.of(DatabaseFault.values()));
        for (long at = 1000; at < SECONDS * 1000L; at += random.nextLong(2500, 5000)) {
            if (plan.size() % kinds.size() == 0) {
                Collections.shuffle(kinds, new Random(random.nextLong()));
            }
            plan.add(new Moment<>(at, new Outage(kinds.get(plan.size() % kinds.size()), random.nextInt(500, 2500))));
        }
        return announced("database", plan);
    }

    private List<Moment<Integer>> killings(int replicas) {
        SplittableRandom random = seeds.split();
        List<Moment<Integer>> plan = new ArrayList<>();
        for (long at = random.nextLong(2000, 5000); at < SECONDS * 1000L; at += random.nextLong(6000, 15_000)) {
            plan.add(new Moment<>(at, random.nextInt(replicas)));
        }
        return announced("kills", plan);
    }

    private List<Moment<Integer>> moments(int count) {
        SplittableRandom random = seeds.split();
        return random.longs(count, 1000, SECONDS * 1000L)
                .sorted()
                .mapToObj(at -> new Moment<>(at, 0))
                .toList();
    }

    private static <T> List<Moment<T>> announced(String name, List<Moment<T>> plan) {
        System.out.println("CHAOS " + name + " " + plan);
        return plan;
    }

    private void befall(Outage outage, PostgresServer server, DatabaseProxy proxy) {
        long from = System.nanoTime();
        switch (outage.fault()) {
            case CLOSES -> proxy.closeConnections();
            case HANGS -> proxy.hang();
            case STALLS -> proxy.stall();
            case STOPS -> server.stop();
            case CRASHES -> server.crash();
            case FREEZES -> server.freeze();
        }
        await().pollDelay(Duration.ofMillis(outage.millis())).until(() -> true);
        switch (outage.fault()) {
            case CLOSES, HANGS, STALLS -> proxy.serve();
            case STOPS, CRASHES -> server.startAgain();
            case FREEZES -> server.thaw();
        }
        outages.add(from, System.nanoTime());
    }

    private void upstreamGoesDown() {
        upstreamIsDown = true;
        await().pollDelay(Duration.ofMillis(1500)).until(() -> true);
        upstreamIsDown = false;
    }

    private void killAndStart(Replica replica) {
        kills.incrementAndGet();
        replica.kill();
        replica.startAgain();
    }

    private void misbehave(TwelveLabsSimulator simulator) {
        SplittableRandom random = seeds.split();
        for (Operation operation : Operation.values()) {
            simulator.always(operation, () -> {
                synchronized (random) {
                    if (upstreamIsDown) {
                        return Fault.status(503, "unavailable");
                    }
                    if (random.nextInt(7) > 0) {
                        return Fault.none();
                    }
                    Fault fault = FAULTS.get(random.nextInt(FAULTS.size()));
                    return operation == Operation.CANCEL || mayBefallAPoll(fault) ? fault : Fault.none();
                }
            });
        }
    }

    /** After a refused key the next poll is 15 minutes later, which is longer than this run. */
    private static boolean mayBefallAPoll(Fault fault) {
        boolean refusesKey =
                fault instanceof Fault.Status answer && Set.of(401, 403).contains(answer.status());
        return !fault.takesEffect() && !refusesKey;
    }

    private static final class Key {

        private final Path file;
        private String value;
        private int version;

        Key(Path file, String value) throws IOException {
            this.file = file;
            this.value = value;
            Files.writeString(file, value);
        }
    }

    /** As it is done: another key is made, the file is replaced, and when all have read it the old key is revoked. */
    private void rotate(TwelveLabsSimulator simulator, Key key) {
        rotations.incrementAndGet();
        String old = key.value;
        key.version++;
        key.value = old.replaceAll("\\d+$", Integer.toString(key.version));
        simulator.addKey(old, key.value);
        try {
            Path next = Files.writeString(directory.resolve("next-key"), key.value);
            Files.move(next, key.file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        timer.schedule(() -> simulator.revokeKey(old), REREAD.toMillis(), TimeUnit.MILLISECONDS);
    }

    private static List<Replica> startTwo(java.util.function.Supplier<TestGateway.Packaged> starter) {
        return List.of(
                        CompletableFuture.supplyAsync(() -> new Replica(starter)),
                        CompletableFuture.supplyAsync(() -> new Replica(starter)))
                .stream()
                .map(CompletableFuture::join)
                .toList();
    }

    private TestGateway.Packaged start(TwelveLabsSimulator simulator, DatabaseProxy proxy, Path keys) {
        return TestGateway.bare()
                .upstream(simulator)
                .database(proxy.address())
                .with("gateway.tenants-dir", keys)
                .with("gateway.callers.billing.token-sha256", Sha256.hex(TestGateway.TOKEN))
                .with("gateway.callers.billing.tenants", ChaosClients.TENANT + "," + ChaosClients.OTHER_TENANT)
                .with("gateway.upstream.attempt-timeout", ATTEMPT_TIMEOUT.toMillis() + "ms")
                .with("gateway.upstream.deadline", "5s")
                .with("db-scheduler.scheduler-name", "replica-" + starts.incrementAndGet())
                .with("db-scheduler.heartbeat-interval", "1s")
                .followUps("300ms", "1s")
                .startPackaged(directory);
    }
}
