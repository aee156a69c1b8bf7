package io.cancelgateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;
import static org.awaitility.Awaitility.await;

import com.sun.management.HotSpotDiagnosticMXBean;
import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.AuthorizationServer;
import io.cancelgateway.support.DatabaseProxy;
import io.cancelgateway.support.Http;
import io.cancelgateway.support.PostgresServer;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.Secrets;
import io.cancelgateway.support.Spans;
import io.cancelgateway.support.TestGateway;
import io.cancelgateway.support.TinyProxy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.core.io.support.PropertiesLoaderUtils;

/**
 * No JWT, no password of the database or of the proxy, and no token that the gateway itself shows comes out anywhere,
 * whatever goes wrong on the way to those who know it, with every logger and every endpoint switched on.
 */
@ExtendWith(OutputCaptureExtension.class)
class PasswordsAndJwtsIT {

    private static final String DATABASE_PASSWORD = "pass-of-ledger-5555";
    private static final String PROXY_PASSWORD = "pass-of-proxy-6666";
    private static final String POD_TOKEN = "token-of-pod-7777";
    private static final String JWT = "spring.security.oauth2.resourceserver.jwt.";

    private final List<String> secrets = new ArrayList<>(List.of(
            TestGateway.KEY,
            TestGateway.TOKEN,
            DATABASE_PASSWORD,
            PROXY_PASSWORD,
            TinyProxy.USER + ":" + PROXY_PASSWORD,
            POD_TOKEN));

    private final List<String> answers = new ArrayList<>();

    @TempDir
    private Path directory;

    private final TwelveLabsSimulator upstream = TwelveLabsSimulator.start(Clock.systemUTC());
    private final String batch = upstream.account(TestGateway.KEY)
            .createBatch(3, 1, Duration.ofHours(1))
            .id();
    private final AuthorizationServer identities = AuthorizationServer.start();
    private PostgresServer postgres;
    private DatabaseProxy database;

    @BeforeEach
    void startDatabase() throws Exception {
        identities.require(POD_TOKEN);
        Path data = Files.createDirectory(directory.resolve("data"));
        postgres = PostgresServer.start(data);
        // as a hash, since the driver may log this statement
        ask("CREATE ROLE ledger LOGIN PASSWORD '" + md5(DATABASE_PASSWORD + "ledger") + "'");
        ask("CREATE DATABASE ledger OWNER ledger");
        Path access = data.resolve("pg_hba.conf");
        Files.writeString(access, "host all ledger all md5\n" + Files.readString(access));
        ask("SELECT pg_reload_conf()");
        URI address = URI.create(postgres.address().substring("jdbc:".length()));
        database = DatabaseProxy.before("jdbc:postgresql://" + address.getAuthority() + "/ledger");
    }

    @AfterEach
    void stop() {
        database.close();
        postgres.close();
        identities.close();
        upstream.close();
    }

    /** As PostgreSQL keeps it. */
    private static String md5(String passwordAndUser) throws NoSuchAlgorithmException {
        byte[] hash = MessageDigest.getInstance("MD5").digest(passwordAndUser.getBytes(StandardCharsets.UTF_8));
        return "md5" + HexFormat.of().formatHex(hash);
    }

    @AfterAll
    static void quiet() {
        SecretsIT.quiet();
    }

    @Test
    void comeOutNowhere(CapturedOutput log) throws Exception {
        List<String> spans;
        try (TinyProxy proxy = TinyProxy.start(directory, PROXY_PASSWORD);
                TestGateway.InProcess gateway = byWayOf(proxy.port())
                        .database(database.address() + "?user=ledger&password=" + DATABASE_PASSWORD)
                        .start()) {
            Caller caller = new Caller(gateway, jwt());
            caller.asksAll(); // the first requests of a JVM take longer than the short timeouts here
            int first = answers.size();
            caller.asksAll();
            assertThat(answers.subList(first, answers.size()))
                    .as("all is well")
                    .allMatch(answer -> answer.startsWith("20"));
            assertThat(proxy.log()).contains("CONNECT 127.0.0.1:");

            upstreamFaults(caller);
            databaseFaults(caller);
            credentialsThatAreRefused(gateway);
            threadDumpDuringACall(caller);
            identityFaults(gateway); // the last: it may leave no key that the caller's JWT could be checked with
            for (String endpoint : SecretsIT.ENDPOINTS) {
                note(gateway.management("/actuator" + endpoint));
            }
            spans = gateway.bean(Spans.class).ended();
        }
        proxyFaults();

        Secrets all = Secrets.of(secrets);
        assertThat(answers.stream().flatMap(all::in)).isEmpty();
        assertThat(spans).isNotEmpty();
        assertThat(spans.stream().flatMap(all::in)).isEmpty();
        assertThat(log.getAll()).contains("TRACE").contains("by way of the proxy");
        assertThat(log.getAll().lines().flatMap(all::in)).isEmpty();
    }

    private void upstreamFaults(Caller caller) {
        for (Fault fault : SecretsIT.faults()) {
            upstream.reset();
            upstream.next(Operation.CANCEL, fault);
            upstream.next(Operation.RETRIEVE, fault);
            upstream.next(Operation.LIST, fault);
            caller.asksUpstream();
        }
        upstream.reset();
    }

    private void databaseFaults(Caller caller) throws SQLException {
        database.closeConnections();
        caller.asksAll();
        database.hang();
        caller.asksAll();
        database.stall();
        caller.asksAll();
        ask("ALTER ROLE ledger VALID UNTIL '2000-01-01'"); // as if its password were another now
        database.closeConnections();
        database.serve();
        caller.asksAll();
        ask("ALTER ROLE ledger VALID UNTIL 'infinity'");
    }

    private void credentialsThatAreRefused(TestGateway gateway) {
        String good = jwt();
        Date past = Date.from(Instant.now().minusSeconds(3600));
        List<String> refused = List.of(
                secret(identities.token(claims -> claims.expirationTime(past))),
                secret(identities.token(claims -> claims.audience("another-service"))),
                secret(identities.token(claims -> claims.subject("system:serviceaccount:video:unknown"))),
                secret(identities.token(claims -> claims.claim("pad", "x".repeat(4500)))),
                secret(identities.token(AuthorizationServer.newKey("key-1"), _ -> {})),
                secret(identities.token(AuthorizationServer.newKey("key-9"), _ -> {})));
        for (String token : refused) {
            note(gateway.cancelWith(batch, "Authorization", "Bearer " + token));
            note(gateway.cancelWith(batch, "x-api-key", token));
        }
        // its signature is not changed
        note(gateway.cancelWith(batch, "Authorization", "Bearer x" + good));
        note(gateway.cancelWith(batch, "Authorization", "Basic " + good));
        note(gateway.cancelWith(batch, "Authorization", "Bearer " + good, "x-api-key", TestGateway.TOKEN));
    }

    private void identityFaults(TestGateway gateway) {
        for (String answer : List.of("oops " + POD_TOKEN, "{\"keys\":\"" + POD_TOKEN + "\"}", "{\"keys\":[]}")) {
            for (int status : new int[] {200, 401, 500}) {
                identities.answerWith(status, answer);
                note(gateway.cancelWith(
                        batch,
                        "x-api-key",
                        secret(identities.token(AuthorizationServer.newKey("key-of-" + status), _ -> {}))));
            }
        }
        identities.close();
        note(gateway.cancelWith(
                batch, "x-api-key", secret(identities.token(AuthorizationServer.newKey("key-of-nobody"), _ -> {}))));
    }

    private void threadDumpDuringACall(Caller caller) throws IOException {
        upstream.reset();
        upstream.next(Operation.CANCEL, Fault.hangBefore());
        CompletableFuture<Reply> call = caller.cancels();
        await().until(() -> !upstream.requests(Operation.CANCEL).isEmpty());
        Path dump = directory.resolve("threads.json");
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                .dumpThreads(dump.toString(), HotSpotDiagnosticMXBean.ThreadDumpFormat.JSON);
        String threads = Files.readString(dump);
        assertThat(threads).contains("WebClientAttempts");
        answers.add(threads);
        note(call.join());
    }

    /** The proxy answers with what it was sent, its credentials among it. */
    private void proxyFaults() throws IOException {
        AtomicReference<String> answer = new AtomicReference<>("");
        try (ServerSocket proxy = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                TestGateway gateway = byWayOf(proxy.getLocalPort()).start()) {
            Thread.ofVirtual().start(() -> echoAll(proxy, answer::get));
            for (String next :
                    List.of("HTTP/1.1 407 Who\r\nX-Echo: ", "HTTP/1.1 502 ", "HTTP/1.1 200 OK\r\n\r\n", "")) {
                answer.set(next);
                note(gateway.cancel(batch));
                note(gateway.get("/v1.3/analyze/batches/" + batch));
            }
        }
    }

    private static void echoAll(ServerSocket proxy, Supplier<String> answer) {
        while (!proxy.isClosed()) {
            try (Socket client = proxy.accept()) {
                byte[] bytes = new byte[8192];
                int length = client.getInputStream().read(bytes);
                String request = new String(bytes, 0, Math.max(0, length), StandardCharsets.ISO_8859_1);
                String echo = answer.get() + request.replace("\r\n", " ") + "\r\n\r\n" + request;
                client.getOutputStream().write(echo.getBytes(StandardCharsets.ISO_8859_1));
            } catch (IOException e) {
                // closed
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "spring.datasource.password, SECRET-of-nobody",
        "HTTP_PROXY, http://gateway:SECRET@[bad",
        "HTTP_PROXY, http://gateway:SEC RET@127.0.0.1:1",
        "HTTP_PROXY, ftp://gateway:SECRET@127.0.0.1:1",
        "spring.security.oauth2.resourceserver.jwt.jws-algorithms, SECRET",
    })
    void comeOutNowhereWhenTheStartFails(String key, String value, CapturedOutput log) {
        TestGateway.Builder gateway = key.equals("HTTP_PROXY") ? settings() : byWayOf(1);

        assertThatException().isThrownBy(() -> gateway.with(key, value).start().close());

        Secrets all = Secrets.of(List.of("SECRET", "SEC RET", DATABASE_PASSWORD, PROXY_PASSWORD, TestGateway.KEY));
        assertThat(log.getAll())
                .containsAnyOf("Application run failed", "APPLICATION FAILED TO START")
                .contains("TRACE");
        assertThat(log.getAll().lines().flatMap(all::in)).isEmpty();
    }

    /** One who may call, and calls in every way there is. */
    private final class Caller {

        private final TestGateway gateway;
        private final String jwt;

        private Caller(TestGateway gateway, String jwt) {
            this.gateway = gateway;
            this.jwt = jwt;
        }

        void asksUpstream() {
            note(gateway.cancelWith(batch, "Authorization", "Bearer " + jwt));
            note(gateway.getWith("/v1.3/analyze/batches/" + batch, "x-api-key", jwt));
            note(gateway.getWith("/v1.3/analyze/batches", "x-api-key", jwt));
        }

        void asksAll() {
            asksUpstream();
            note(gateway.cancelWith(batch, "x-api-key", jwt, "Prefer", "respond-async"));
            note(Http.send(
                    "POST",
                    "http://127.0.0.1:" + gateway.port() + "/v1/cancellations",
                    HttpRequest.BodyPublishers.ofString("{\"batch_ids\":[\"" + batch + "\"]}"),
                    "Content-Type",
                    "application/json",
                    "x-api-key",
                    jwt));
            for (String path : List.of("/v1/cancellations", "/v1/cancellations/" + batch, "/v1/caller")) {
                note(gateway.getWith(path, "x-api-key", jwt));
            }
        }

        CompletableFuture<Reply> cancels() {
            return Http.sendAsync(
                    "POST",
                    "http://127.0.0.1:" + gateway.port() + "/v1.3/analyze/batches/" + batch + "/cancel",
                    "x-api-key",
                    jwt);
        }
    }

    private TestGateway.Builder byWayOf(int proxyPort) {
        return settings()
                .with("gateway.upstream.proxy.host", "127.0.0.1")
                .with("gateway.upstream.proxy.port", proxyPort)
                .with("gateway.upstream.proxy.username", TinyProxy.USER)
                .with("gateway.upstream.proxy.password", PROXY_PASSWORD);
    }

    private TestGateway.Builder settings() {
        try {
            Path podToken = Files.writeString(directory.resolve("pod-token"), POD_TOKEN);
            TestGateway.Builder gateway = TestGateway.builder()
                    .upstream(upstream)
                    .database(database.address())
                    .with("spring.datasource.username", "ledger")
                    .with("spring.datasource.password", DATABASE_PASSWORD)
                    .with("gateway.upstream.proxy.non-proxy-hosts", "")
                    .with("gateway.upstream.attempt-timeout", "500ms")
                    .with("gateway.upstream.deadline", "2s")
                    .with("gateway.retry.max-attempts", 1)
                    .with("resilience4j.circuitbreaker.configs.upstream.minimum-number-of-calls", 100_000)
                    .with("resilience4j.circuitbreaker.configs.tenant.minimum-number-of-calls", 100_000)
                    .with(JWT + "jwk-set-uri", identities.jwksUri())
                    .with(JWT + "issuer-uri", identities.issuer())
                    .with(JWT + "audiences", AuthorizationServer.AUDIENCE)
                    .with("gateway.jwt.bearer-token-file", podToken)
                    .with("gateway.callers.pod.subject", AuthorizationServer.SUBJECT)
                    .with("gateway.callers.pod.tenants", "acme")
                    .with("spring.main.sources", Spans.class.getName());
            PropertiesLoaderUtils.loadAllProperties("everything-on.properties")
                    .forEach((key, value) -> gateway.with(key.toString(), value));
            return gateway;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String jwt() {
        return secret(identities.token(_ -> {}));
    }

    /** The whole of it and its signature, without which the rest is worth nothing. */
    private String secret(String jwt) {
        secrets.add(jwt);
        secrets.add(jwt.substring(jwt.lastIndexOf('.') + 1));
        return jwt;
    }

    private void note(Reply reply) {
        answers.add(reply.status() + " " + reply.response().headers().map() + " " + reply.text());
    }

    private void ask(String... statements) throws SQLException {
        try (Connection connection = DriverManager.getConnection(postgres.address());
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }
}
