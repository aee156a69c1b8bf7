package io.cancelgateway.durability;

import io.cancelgateway.durability.Asked.Kind;
import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.Reply;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Clients of all kinds. Each looks at its answer at once, and notes what is not true. */
final class ChaosClients {

    static final String TENANT = "acme";

    /** Of the clients that cancel everything. */
    static final String OTHER_TENANT = "globex";

    private static final int AT_A_TIME = 12;
    private static final Set<String> STARTED = Set.of("canceling", "canceled");
    private static final Set<String> ENDED = Set.of("canceled", "completed", "expired");
    private static final Set<String> BULK_ERRORS =
            Set.of("rate_limited", "key_rejected", "upstream_error", "unavailable", "deadline_exceeded");

    /** What a cancel may be answered instead of a success, by its status. */
    private static final Map<Integer, Set<String>> ERRORS = Map.of(
            429, Set.of("too_many_requests"),
            502, Set.of("upstream_error", "tenant_key_rejected"),
            503, Set.of("upstream_unavailable"),
            504, Set.of("deadline_exceeded"));

    private final TwelveLabsSimulator.Account account;
    private final TwelveLabsSimulator.Account otherAccount;
    private final List<Replica> replicas;
    private final List<Kind> kinds;
    private final SplittableRandom seeds;
    private final Map<String, SimulatedBatch> batches = new ConcurrentHashMap<>();
    private final List<SimulatedBatch> oldBatches = new CopyOnWriteArrayList<>();
    private final Queue<Asked> asked = new ConcurrentLinkedQueue<>();
    private final Queue<String> lies = new ConcurrentLinkedQueue<>();
    private final AtomicInteger numbers = new AtomicInteger();
    private final Semaphore free = new Semaphore(AT_A_TIME);
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final ScheduledExecutorService pacer = Executors.newSingleThreadScheduledExecutor();

    ChaosClients(
            TwelveLabsSimulator.Account account,
            TwelveLabsSimulator.Account otherAccount,
            List<Replica> replicas,
            Set<Kind> kinds,
            long seed) {
        this.account = account;
        this.otherAccount = otherAccount;
        this.replicas = replicas;
        this.kinds = List.copyOf(kinds);
        this.seeds = new SplittableRandom(seed);
    }

    /** Begins a new client at this pace, unless too many are busy. */
    void start(Duration pace) {
        pacer.scheduleAtFixedRate(
                () -> {
                    if (free.tryAcquire()) {
                        SplittableRandom random = seeds.split();
                        threads.execute(() -> {
                            try {
                                one(random);
                            } catch (RuntimeException e) {
                                lies.add("a client failed: " + e);
                            } finally {
                                free.release();
                            }
                        });
                    }
                },
                0,
                pace.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    /** Returns when the last one has its answer. */
    void stop() throws InterruptedException {
        pacer.shutdownNow();
        pacer.awaitTermination(10, TimeUnit.SECONDS);
        threads.close();
    }

    Collection<SimulatedBatch> batches() {
        return batches.values();
    }

    SimulatedBatch batch(String id) {
        return batches.get(id);
    }

    Collection<Asked> asked() {
        return asked;
    }

    Collection<String> lies() {
        return lies;
    }

    private void one(SplittableRandom random) {
        Kind kind = kinds.get(random.nextInt(kinds.size()));
        switch (kind) {
            case SYNC -> cancel(kind, newBatch(random).id(), random, preferring());
            case REPEATED -> repeat(newBatch(random), random);
            case RESTARTED -> cancel(kind, oldBatch(random).id(), random, preferring());
            case UNKNOWN -> cancel(kind, "ffff%020x".formatted(random.nextLong() & 0xffffffffL), random, preferring());
            case ASYNC -> cancel(kind, newBatch(random).id(), random, preferring("respond-async"));
            case WAIT ->
                cancel(
                        kind,
                        newBatch(random).id(),
                        random,
                        random.nextBoolean() ? preferring("wait=2") : preferring("respond-async", "wait=2"));
            case BULK -> bulk(random);
            case ALL_ACTIVE -> allActive(random);
        }
    }

    private static List<String> preferring(String... preferences) {
        return List.of(preferences);
    }

    /** Its items in process end by themselves; some end before anybody cancels them. */
    private SimulatedBatch newBatch(SplittableRandom random) {
        SimulatedBatch batch = create(account, random);
        oldBatches.add(batch);
        return batch;
    }

    private SimulatedBatch create(TwelveLabsSimulator.Account of, SplittableRandom random) {
        int items = random.nextInt(2, 12);
        Duration each = Duration.ofMillis(random.nextInt(10) == 0 ? 300 : random.nextInt(1000, 8000));
        SimulatedBatch batch = of.createBatch(items, 1 + random.nextInt(2), each);
        batches.put(batch.id(), batch);
        return batch;
    }

    private SimulatedBatch oldBatch(SplittableRandom random) {
        List<SimulatedBatch> old = oldBatches;
        int size = old.size();
        return size == 0 ? newBatch(random) : old.get(random.nextInt(size));
    }

    private void repeat(SimulatedBatch batch, SplittableRandom random) {
        List<CompletableFuture<Void>> requests = IntStream.range(0, 2 + random.nextInt(2))
                .mapToObj(_ -> random.split())
                .map(own -> CompletableFuture.runAsync(
                        () -> cancel(
                                Kind.REPEATED,
                                batch.id(),
                                own,
                                kinds.contains(Kind.ASYNC) && own.nextInt(3) == 0
                                        ? preferring("respond-async")
                                        : preferring()),
                        threads))
                .toList();
        requests.forEach(CompletableFuture::join);
        if (random.nextBoolean()) {
            cancel(Kind.REPEATED, batch.id(), random, preferring());
        }
    }

    private void bulk(SplittableRandom random) {
        List<String> ids = new ArrayList<>();
        for (int i = random.nextInt(1, 6); i > 0; i--) {
            ids.add((random.nextInt(4) == 0 ? oldBatch(random) : newBatch(random)).id());
        }
        if (random.nextInt(4) == 0) {
            ids.add(ids.getFirst());
        }
        boolean async = kinds.contains(Kind.ASYNC) && random.nextBoolean();
        String body = JsonMapper.shared().writeValueAsString(Map.of("batch_ids", ids));
        bulk(Kind.BULK, TENANT, ids, body, async, random);
    }

    private void allActive(SplittableRandom random) {
        create(otherAccount, random);
        create(otherAccount, random);
        boolean async = kinds.contains(Kind.ASYNC) && random.nextBoolean();
        bulk(Kind.ALL_ACTIVE, OTHER_TENANT, List.of(), "{\"all_active\":true}", async, random);
    }

    private void cancel(Kind kind, String batch, SplittableRandom random, List<String> preferences) {
        Replica.Life life = replica(random);
        int number = numbers.incrementAndGet();
        List<String> headers = new ArrayList<>(List.of(
                "X-Tenant-Id",
                TENANT,
                "X-Cancel-Reason",
                new Asked(number, kind, List.of(), life, 0, 0, null, Map.of()).reason()));
        preferences.forEach(preference -> headers.addAll(List.of("Prefer", preference)));
        long sentAt = System.nanoTime();
        Reply reply = null;
        try {
            reply = life.gateway().cancel(batch, headers.toArray(String[]::new));
        } catch (UncheckedIOException e) {
            noteNoAnswer(number, kind, batch, life, e);
        }
        long answeredAt = System.nanoTime();
        Map<String, String> outcomes =
                reply == null ? Map.of() : Map.of(batch, judge(number, kind, batch, preferences, reply));
        asked.add(new Asked(number, kind, List.of(batch), life, sentAt, answeredAt, reply, outcomes));
    }

    private void bulk(Kind kind, String tenant, List<String> ids, String body, boolean async, SplittableRandom random) {
        Replica.Life life = replica(random);
        int number = numbers.incrementAndGet();
        String reason = new Asked(number, kind, ids, life, 0, 0, null, Map.of()).reason();
        String json = body.substring(0, body.length() - 1) + ",\"reason\":\"" + reason + "\"}";
        List<String> headers = new ArrayList<>(List.of("X-Tenant-Id", tenant));
        if (async) {
            headers.addAll(List.of("Prefer", "respond-async"));
        }
        long sentAt = System.nanoTime();
        Reply reply = null;
        try {
            reply = life.gateway().post("/v1/cancellations", json, headers.toArray(String[]::new));
        } catch (UncheckedIOException e) {
            noteNoAnswer(number, kind, "of a bulk", life, e);
        }
        long answeredAt = System.nanoTime();
        Map<String, String> outcomes = reply == null ? Map.of() : judgeBulk(number, kind, ids, async, reply);
        Set<String> distinct = new LinkedHashSet<>(ids);
        distinct.addAll(outcomes.keySet());
        asked.add(new Asked(number, kind, List.copyOf(distinct), life, sentAt, answeredAt, reply, outcomes));
    }

    private void noteNoAnswer(int number, Kind kind, String batch, Replica.Life life, UncheckedIOException e) {
        if (!life.killed()) {
            lies.add("no answer to request %d (%s) for batch %s from a replica that lives: %s"
                    .formatted(number, kind, batch, e));
        }
    }

    /** As a Service does: one that is not there is sent nothing. */
    private Replica.Life replica(SplittableRandom random) {
        while (true) {
            List<Replica.Life> living = replicas.stream()
                    .map(Replica::life)
                    .filter(life -> !life.killed())
                    .toList();
            if (!living.isEmpty()) {
                return living.get(random.nextInt(living.size()));
            }
            Thread.onSpinWait();
        }
    }

    /** Checks the answer to a single cancel against the batch as it is now; the outcome that it stands for. */
    private String judge(int number, Kind kind, String batch, List<String> preferences, Reply reply) {
        String about = "request %d (%s, %s) for batch %s, now %s, was answered %d %s: %s"
                .formatted(
                        number,
                        kind,
                        preferences,
                        batch,
                        status(batch),
                        reply.status(),
                        reply.response().headers().map(),
                        reply.text());
        JsonNode json = parse(reply);
        if (json == null) {
            lies.add("no JSON: " + about);
            return "error";
        }
        boolean async = preferences.contains("respond-async");
        boolean record = json.has("state");
        boolean known = kind != Kind.UNKNOWN;
        String code = json.at("/error/code").asString("");
        boolean truth = switch (reply.status()) {
            case 202 ->
                record
                        ? async
                                && json.path("batch_id").asString("").equals(batch)
                                && ("/v1/cancellations/" + batch).equals(reply.header("Location"))
                                && applied(reply, "respond-async")
                        : known && !async && isBatch(json, batch) && STARTED.contains(status(batch));
            case 200 ->
                known
                        && isBatch(json, batch)
                        && ENDED.contains(json.path("status").asString(""))
                        && json.path("status").asString("").equals(status(batch))
                        && (async || status(batch).equals("canceled"));
            case 404 -> !known && code.equals("resource_not_exist");
            case 409 -> known && code.equals("batch_" + status(batch)) && ENDED.contains(status(batch));
            case 503 -> ERRORS.get(503).contains(code) || async && code.equals("ledger_unavailable");
            default -> ERRORS.getOrDefault(reply.status(), Set.of()).contains(code);
        };
        if (!truth) {
            lies.add(about);
        }
        return switch (reply.status()) {
            case 202 -> record ? "queued" : "accepted";
            case 200 -> async ? "queued" : "confirmed";
            case 404 -> "not_found";
            case 409 -> "already_terminal";
            default -> "error";
        };
    }

    private Map<String, String> judgeBulk(int number, Kind kind, List<String> ids, boolean async, Reply reply) {
        String about = "request %d (%s, async %s) for %s was answered %d: %s"
                .formatted(number, kind, async, ids, reply.status(), reply.text());
        JsonNode json = parse(reply);
        if (json == null) {
            lies.add("no JSON: " + about);
            return Map.of();
        }
        if (reply.status() != 200 && reply.status() != 202) {
            String code = json.at("/error/code").asString("");
            boolean listFailed = kind == Kind.ALL_ACTIVE
                    && ERRORS.getOrDefault(reply.status(), Set.of()).contains(code);
            if (!listFailed && !(async && code.equals("ledger_unavailable"))) {
                lies.add(about);
            }
            return Map.of();
        }
        Map<String, String> outcomes = new HashMap<>();
        List<String> order = new ArrayList<>();
        for (JsonNode result : json.path("results")) {
            String id = result.path("batch_id").asString("");
            String outcome = result.path("outcome").asString("");
            order.add(id);
            String before = outcomes.put(id, outcome);
            boolean truth = (before == null || before.equals(outcome))
                    && switch (outcome) {
                        case "accepted" -> !async && STARTED.contains(status(id));
                        case "confirmed" -> !async && status(id).equals("canceled");
                        case "queued" -> async;
                        case "already_terminal" ->
                            result.at("/error/code").asString("").equals("batch_" + status(id));
                        default -> BULK_ERRORS.contains(outcome);
                    };
            if (!truth) {
                lies.add("outcome %s of batch %s, now %s: %s".formatted(outcome, id, status(id), about));
            }
        }
        if (kind == Kind.BULK && !order.equals(ids)) {
            lies.add("not in the order of the request: " + about);
        }
        return outcomes;
    }

    private static boolean isBatch(JsonNode json, String batch) {
        return json.path("batch_id").asString("").equals(batch) && json.has("canceled_items");
    }

    private static boolean applied(Reply reply, String preference) {
        String applied = reply.header("Preference-Applied");
        return applied != null && applied.contains(preference);
    }

    private static JsonNode parse(Reply reply) {
        try {
            JsonNode json = reply.json();
            return json.isObject() ? json : null;
        } catch (JacksonException e) {
            return null;
        }
    }

    /** As the upstream sees it now. */
    private String status(String batch) {
        SimulatedBatch simulated = batches.get(batch);
        return simulated == null ? "unknown" : simulated.status(Instant.now());
    }

    /** How many requests of each kind had which status; 0 where the connection broke. */
    String figures() {
        Map<String, Long> figures = asked.stream()
                .collect(Collectors.groupingBy(
                        request -> request.kind() + " "
                                + (request.reply() == null ? 0 : request.reply().status()),
                        java.util.TreeMap::new,
                        Collectors.counting()));
        return asked.size() + " requests for " + batches.size() + " batches: " + figures;
    }
}
