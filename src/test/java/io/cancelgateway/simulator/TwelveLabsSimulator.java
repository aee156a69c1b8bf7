package io.cancelgateway.simulator;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.ssl.SslContext;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.resources.LoopResources;
import tools.jackson.databind.json.JsonMapper;

/**
 * The TwelveLabs batch API v1.3 over real sockets, faults on demand. It records every request, and notes a violation
 * where it is asked something that the real API does not have.
 */
public final class TwelveLabsSimulator implements AutoCloseable {

    private static final Pattern BATCH_PATH = Pattern.compile("/v1\\.3/analyze/batches/([^/]+)(/cancel)?");
    private static final Pattern BATCH_ID = Pattern.compile("[0-9a-fA-F]{24}");
    private static final Set<String> LIST_PARAMETERS = Set.of("page", "page_limit", "status", "analysis_mode");
    private static final DateTimeFormatter HTTP_DATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
            .withZone(ZoneOffset.UTC);

    private final JsonMapper json = JsonMapper.shared();
    private final AtomicLong ids = new AtomicLong(0x68f4ddaf8aaaL);
    private final Map<String, Account> accounts = new ConcurrentHashMap<>();
    private final List<RecordedRequest> requests = new CopyOnWriteArrayList<>();
    private final List<String> violations = new CopyOnWriteArrayList<>();
    private final Map<Operation, Deque<Fault>> scripts = new EnumMap<>(Operation.class);
    private final Map<Operation, Supplier<Fault>> standing = new ConcurrentHashMap<>();
    private final Set<Channel> connections = ConcurrentHashMap.newKeySet();
    private final Set<Channel> dead = ConcurrentHashMap.newKeySet();
    private final LoopResources loops = LoopResources.create("simulator", 2, true);
    private final DisposableServer server;
    private final Clock clock;
    private volatile Consumer<RecordedRequest> meanwhile = _ -> {};

    private TwelveLabsSimulator(String host, int port, Clock clock, @Nullable SslContext tls) {
        this.clock = clock;
        for (Operation operation : Operation.values()) {
            scripts.put(operation, new ArrayDeque<>());
        }
        HttpServer http = HttpServer.create();
        server = (tls == null ? http : http.secure(spec -> spec.sslContext(tls)))
                .host(host)
                .port(port)
                .runOn(loops)
                .doOnConnection(connection -> {
                    connections.add(connection.channel());
                    connection.onDispose(() -> connections.remove(connection.channel()));
                })
                .handle(this::handle)
                .bindNow();
    }

    /** Starts on a free port. */
    public static TwelveLabsSimulator start(Clock clock) {
        return start(0, clock);
    }

    /** Starts on this port. */
    public static TwelveLabsSimulator start(int port, Clock clock) {
        return start("127.0.0.1", port, clock);
    }

    /** Starts on this port of this address, which others than this machine may reach. */
    public static TwelveLabsSimulator start(String host, int port, Clock clock) {
        return new TwelveLabsSimulator(host, port, clock, null);
    }

    /** Starts on a free port, and speaks TLS there. {@link #baseUrl} begins with {@code http:} all the same. */
    public static TwelveLabsSimulator startWithTls(Clock clock, SslContext tls) {
        return new TwelveLabsSimulator("127.0.0.1", 0, clock, tls);
    }

    /** What {@code gateway.upstream.base-url} must be. */
    public String baseUrl() {
        return "http://127.0.0.1:" + server.port() + "/v1.3";
    }

    /** The account of this key, made where there is none. */
    public Account account(String key) {
        return accounts.computeIfAbsent(key, k -> new Account());
    }

    /** The account of {@code key} has this key too. */
    public void addKey(String key, String another) {
        accounts.put(another, account(key));
    }

    /** Whatever is asked with this key from now on gets a 401. */
    public void revokeKey(String key) {
        accounts.remove(key);
    }

    /** One account's batches, and its own standing fault. */
    public final class Account {

        private final Map<String, SimulatedBatch> batches = new ConcurrentHashMap<>();
        private volatile Fault fault = Fault.none();
        private int allowed = Integer.MAX_VALUE;
        private Duration window = Duration.ofSeconds(1);
        private Instant windowBegin = Instant.MIN;
        private int asked;

        /** A batch in process, {@code concurrency} items at a time, each for {@code itemDuration}. */
        public SimulatedBatch createBatch(int items, int concurrency, Duration itemDuration) {
            String id = HexFormat.of().toHexDigits(ids.incrementAndGet()).substring(4) + "60d33df0e800";
            SimulatedBatch batch = new SimulatedBatch(id, "general", items, concurrency, itemDuration, clock.instant());
            batches.put(id, batch);
            return batch;
        }

        /** 73 items: 3 in process, for longer than any test, and 70 queued. */
        public SimulatedBatch createBatch() {
            return createBatch(73, 3, Duration.ofHours(1));
        }

        /** A batch that ran to its end. */
        public SimulatedBatch createCompletedBatch() {
            SimulatedBatch batch = createBatch(2, 2, Duration.ofHours(1));
            batch.drain(clock.instant());
            return batch;
        }

        /** The status of a batch now. */
        public String status(String batchId) {
            return batches.get(batchId).status(clock.instant());
        }

        /** From now on this account may ask so often in a window of this length; beyond it gets 429. */
        public synchronized void allow(int requests, Duration windowLength) {
            allowed = requests;
            window = windowLength;
            windowBegin = Instant.MIN;
        }

        /** The seconds to wait, or empty where the request is within the limit. */
        private synchronized Optional<Long> overLimit() {
            Instant now = clock.instant();
            if (!now.isBefore(windowBegin.equals(Instant.MIN) ? now : windowBegin.plus(window))) {
                windowBegin = now;
                asked = 0;
            }
            asked++;
            return asked <= allowed
                    ? Optional.empty()
                    : Optional.of(
                            Duration.between(now, windowBegin.plus(window)).toSeconds() + 1);
        }

        /** Whatever this account asks from now on gets this. */
        public void always(Fault standingFault) {
            fault = standingFault;
        }
    }

    /** The next requests of this operation get these, one each; those after them are answered properly. */
    public void next(Operation operation, Fault... faults) {
        synchronized (scripts) {
            scripts.get(operation).addAll(Arrays.asList(faults));
        }
    }

    /** Every request of this operation gets this, once its script is used up. */
    public void always(Operation operation, Fault fault) {
        always(operation, () -> fault);
    }

    /** Every request of this operation gets the next of these, once its script is used up. */
    public void always(Operation operation, Supplier<Fault> faults) {
        standing.put(operation, faults);
    }

    /** Runs this for each request before it is answered: what happens at the vendor in the meantime. */
    public void meanwhile(Consumer<RecordedRequest> happening) {
        meanwhile = happening;
    }

    /** Every request recorded, oldest first. */
    public List<RecordedRequest> requests() {
        return List.copyOf(requests);
    }

    /** Every request of one operation, oldest first. */
    public List<RecordedRequest> requests(Operation operation) {
        return requests.stream()
                .filter(request -> request.operation().equals(Optional.of(operation)))
                .toList();
    }

    /** What was asked that the real API does not have. */
    public List<String> violations() {
        return List.copyOf(violations);
    }

    /** Forgets requests, scripts and faults; accounts and batches stay. */
    public void reset() {
        synchronized (scripts) {
            scripts.values().forEach(Deque::clear);
        }
        standing.clear();
        meanwhile = _ -> {};
        requests.clear();
        violations.clear();
        dead.clear();
        accounts.values().forEach(account -> account.always(Fault.none()));
    }

    /** Closes, or resets, every connection that is open now, as a server does with idle ones. */
    public void dropConnections(boolean reset) {
        for (Channel connection : connections) {
            // on its own thread, which alone knows whether it is open still
            connection
                    .eventLoop()
                    .submit(() -> {
                        if (reset && connection.isOpen()) {
                            connection.config().setOption(ChannelOption.SO_LINGER, 0);
                        }
                        connection.close();
                    })
                    .syncUninterruptibly();
        }
    }

    /** Every connection that is open now is dead, and says so with a reset when it is used again. */
    public void killConnections() {
        dead.addAll(connections);
    }

    @Override
    public void close() {
        dropConnections(false);
        server.disposeNow();
        loops.dispose();
    }

    private Mono<Void> handle(HttpServerRequest request, HttpServerResponse response) {
        return request.receive()
                .aggregate()
                .asString(StandardCharsets.UTF_8)
                .defaultIfEmpty("")
                .flatMap(body -> {
                    RecordedRequest recorded = record(request, body);
                    return isDead(response) ? reset(response) : answer(recorded, response);
                });
    }

    private boolean isDead(HttpServerResponse response) {
        boolean[] found = new boolean[1];
        response.withConnection(connection -> found[0] = dead.remove(connection.channel()));
        return found[0];
    }

    private RecordedRequest record(HttpServerRequest request, String body) {
        Map<String, List<String>> headers = new LinkedHashMap<>();
        request.requestHeaders()
                .forEach(header -> headers.computeIfAbsent(
                                header.getKey().toLowerCase(Locale.ROOT), name -> new ArrayList<>())
                        .add(header.getValue()));
        String method = request.method().name();
        RecordedRequest recorded =
                new RecordedRequest(method, request.uri(), headers, body, operation(method, request.uri()));
        requests.add(recorded);
        return recorded;
    }

    private static Optional<Operation> operation(String method, String uri) {
        String path = new QueryStringDecoder(uri).path();
        Matcher batch = BATCH_PATH.matcher(path);
        if (batch.matches()) {
            boolean cancel = batch.group(2) != null;
            return switch (method) {
                case "POST" -> cancel ? Optional.of(Operation.CANCEL) : Optional.empty();
                case "GET" -> cancel ? Optional.empty() : Optional.of(Operation.RETRIEVE);
                default -> Optional.empty();
            };
        }
        return method.equals("GET") && path.equals("/v1.3/analyze/batches")
                ? Optional.of(Operation.LIST)
                : Optional.empty();
    }

    private Mono<Void> answer(RecordedRequest request, HttpServerResponse response) {
        if (request.operation().isEmpty()) {
            return violation(response, "no such operation: " + request.method() + " " + request.uri());
        }
        if (!request.body().isEmpty()) {
            return violation(response, "no operation has a body: " + request.body());
        }
        for (String header :
                List.of("authorization", "x-tenant-id", "x-cancel-reason", "cookie", "tracestate", "baggage")) {
            if (request.headers().containsKey(header)) {
                return violation(response, "not the vendor's to know: " + header);
            }
        }
        Operation operation = request.operation().get();
        meanwhile.accept(request);
        Account account = accounts.get(request.header("x-api-key").orElse(""));
        if (account == null) {
            return send(response, error(401, "api_key_invalid", "The API key is invalid."));
        }
        Optional<Long> overLimit = account.overLimit();
        Fault fault =
                overLimit.isPresent() ? Fault.rateLimited(overLimit.get().toString()) : nextFault(operation, account);
        Fault.Status proper = fault.takesEffect() ? proper(operation, request, account) : null;
        return switch (fault) {
            case Fault.None _ -> send(response, proper);
            case Fault.Slow(Duration delay) -> Mono.delay(delay).then(Mono.defer(() -> send(response, proper)));
            case Fault.Status status -> send(response, status);
            case Fault.Body(int status, String type, byte[] bytes) -> send(response, status, type, Map.of(), bytes);
            case Fault.Hang _ -> Mono.never();
            case Fault.Reset _ -> reset(response);
            case Fault.Truncated(Fault.Status instead) -> truncate(response, instead == null ? proper : instead);
        };
    }

    private Fault nextFault(Operation operation, Account account) {
        synchronized (scripts) {
            Fault scripted = scripts.get(operation).poll();
            if (scripted != null) {
                return scripted;
            }
        }
        Supplier<Fault> always = standing.get(operation);
        return always != null ? always.get() : account.fault;
    }

    private Mono<Void> violation(HttpServerResponse response, String what) {
        violations.add(what);
        return send(response, error(501, "simulator_violation", what));
    }

    private Fault.Status proper(Operation operation, RecordedRequest request, Account account) {
        return switch (operation) {
            case CANCEL -> onBatch(request, account, this::cancel);
            case RETRIEVE -> onBatch(request, account, batch -> object(200, batch.json(clock.instant())));
            case LIST -> list(new QueryStringDecoder(request.uri()).parameters(), account);
        };
    }

    private Fault.Status onBatch(
            RecordedRequest request,
            Account account,
            java.util.function.Function<SimulatedBatch, Fault.Status> operation) {
        Matcher path = BATCH_PATH.matcher(request.uri());
        if (!path.matches() || !BATCH_ID.matcher(path.group(1)).matches()) {
            return error(400, "parameter_invalid", "The batch_id parameter is invalid.");
        }
        SimulatedBatch batch = account.batches.get(path.group(1).toLowerCase(Locale.ROOT));
        return batch == null
                ? error(404, "resource_not_exist", "Resource with id " + path.group(1) + " does not exist.")
                : operation.apply(batch);
    }

    private Fault.Status cancel(SimulatedBatch batch) {
        String tooLate = batch.cancel(clock.instant());
        return tooLate.isEmpty()
                ? object(202, batch.json(clock.instant()))
                : error(409, tooLate, "The batch is already terminal.");
    }

    private Fault.Status list(Map<String, List<String>> query, Account account) {
        for (String parameter : query.keySet()) {
            if (!LIST_PARAMETERS.contains(parameter)) {
                violations.add("no such parameter of list: " + parameter);
            }
        }
        int page = number(query, "page", 1);
        int limit = number(query, "page_limit", 10);
        if (page < 1 || limit < 1 || limit > 50) {
            return error(400, "parameter_invalid", "The page or page_limit parameter is invalid.");
        }
        List<String> statuses = query.getOrDefault("status", List.of());
        List<String> modes = query.getOrDefault("analysis_mode", List.of());
        List<SimulatedBatch> matching = account.batches.values().stream()
                .filter(batch -> statuses.isEmpty() || statuses.contains(batch.status(clock.instant())))
                .filter(batch -> modes.isEmpty() || modes.contains(batch.analysisMode()))
                .sorted(Comparator.comparing(SimulatedBatch::id).reversed())
                .toList();
        List<Map<String, Object>> data = matching.stream()
                .skip((long) (page - 1) * limit)
                .limit(limit)
                .map(batch -> batch.json(clock.instant()))
                .toList();
        Map<String, Object> pageInfo = new LinkedHashMap<>();
        pageInfo.put("page", page);
        pageInfo.put("limit_per_page", limit);
        pageInfo.put("total_page", (matching.size() + limit - 1) / limit);
        pageInfo.put("total_results", matching.size());
        return object(200, Map.of("data", data, "page_info", pageInfo));
    }

    private static int number(Map<String, List<String>> query, String name, int otherwise) {
        String text =
                query.getOrDefault(name, List.of(Integer.toString(otherwise))).getFirst();
        return text.matches("\\d{1,6}") ? Integer.parseInt(text) : 0;
    }

    private Fault.Status object(int status, Map<String, Object> body) {
        return new Fault.Status(status, Map.of(), json.writeValueAsString(body));
    }

    private Fault.Status error(int status, String code, String message) {
        return object(status, Map.of("error", Map.of("code", code, "message", message)));
    }

    private Mono<Void> send(HttpServerResponse response, Fault.Status answer) {
        return send(
                response,
                answer.status(),
                "application/json",
                answer.headers(),
                answer.body().getBytes(StandardCharsets.UTF_8));
    }

    private Mono<Void> send(
            HttpServerResponse response, int status, String type, Map<String, String> headers, byte[] body) {
        response.status(status)
                .header("Content-Type", type)
                .header("Content-Length", Integer.toString(body.length))
                .header("Date", HTTP_DATE.format(clock.instant()));
        headers.forEach(response::header);
        return response.sendByteArray(Mono.just(body)).then();
    }

    private static Mono<Void> reset(HttpServerResponse response) {
        response.withConnection(connection -> {
            connection.channel().config().setOption(ChannelOption.SO_LINGER, 0);
            connection.channel().close();
        });
        return Mono.never();
    }

    private static Mono<Void> truncate(HttpServerResponse response, Fault.Status answer) {
        String body = answer.body();
        String head = "HTTP/1.1 %d Cut off\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                .formatted(answer.status(), body.length());
        String half = body.substring(0, body.length() / 2);
        // past the HTTP codec, which would not let a body be shorter than it says
        response.withConnection(connection -> connection
                .channel()
                .pipeline()
                .firstContext()
                .writeAndFlush(Unpooled.copiedBuffer(head + half, StandardCharsets.UTF_8))
                .addListener(ChannelFutureListener.CLOSE));
        return Mono.never();
    }
}
