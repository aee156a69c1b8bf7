package io.cancelgateway.tenant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.Sha256;
import io.cancelgateway.support.TestGateway;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The key files change while the gateway runs. */
@Tag("long")
class KeyRotationIT {

    /** 50 a second. */
    private static final Duration PACE = Duration.ofMillis(20);

    @TempDir
    private Path directory;

    private final TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC());

    @AfterEach
    void stop() {
        simulator.close();
    }

    @Test
    void noCallFailsWhileAKeyIsReplacedAndRevoked() throws Exception {
        write("acme", "tlk_acme_0");
        TwelveLabsSimulator.Account account = simulator.account("tlk_acme_0");
        List<CompletableFuture<Reply>> replies = new CopyOnWriteArrayList<>();
        ScheduledExecutorService pacer = Executors.newSingleThreadScheduledExecutor();
        try (TestGateway.InProcess gateway = start()) {
            pacer.scheduleAtFixedRate(
                    () -> replies.add(gateway.cancelAsync(
                            account.createBatch(3, 1, Duration.ofHours(1)).id(), "X-Tenant-Id", "acme")),
                    0,
                    PACE.toMillis(),
                    TimeUnit.MILLISECONDS);
            for (int version = 1; version <= 3; version++) {
                String before = "tlk_acme_" + (version - 1);
                String key = "tlk_acme_" + version;
                simulator.addKey(before, key);
                awaitAnswers(replies, 50);
                write("acme", key);
                simulator.revokeKey(before);
                awaitAnswers(replies, 50);
            }
            pacer.shutdown();
            assertThat(pacer.awaitTermination(10, TimeUnit.SECONDS)).isTrue();

            assertThat(replies)
                    .allSatisfy(reply -> assertThat(reply.join().status())
                            .as(reply.join().text())
                            .isEqualTo(202));
            assertThat(simulator.requests(Operation.CANCEL)).hasSizeGreaterThan(replies.size());
            assertThat(gateway.metric("cancel_gateway_tenant_keys", "state=\"active\""))
                    .isEqualTo(1);
            assertThat(gateway.metric("cancel_gateway_tenant_keys_reloads_total", "result=\"changed\""))
                    .isEqualTo(3);
        } finally {
            pacer.shutdownNow();
        }
    }

    @Test
    void tenantsComeAndGo() throws Exception {
        write("acme", "tlk_acme_0");
        TwelveLabsSimulator.Account globex = simulator.account("tlk_globex_0");
        String batch = globex.createBatch(3, 1, Duration.ofHours(1)).id();
        try (TestGateway.InProcess gateway = start()) {
            cancel(gateway, "globex", batch).isProblem(403, "tenant_not_allowed");

            write("globex", "tlk_globex_0");
            await().atMost(Duration.ofSeconds(10))
                    .until(() -> cancel(gateway, "globex", batch).status() == 202);
            assertThat(series(gateway, "globex")).isPositive();

            Files.delete(directory.resolve("globex"));
            await().atMost(Duration.ofSeconds(10))
                    .until(() -> cancel(gateway, "globex", batch).status() == 403);
            assertThat(series(gateway, "globex")).isZero();
            assertThat(gateway.metric("cancel_gateway_tenant_breakers", "state=\"closed\""))
                    .isEqualTo(1);
        }
    }

    private static long series(TestGateway gateway, String tenant) {
        return gateway.samples()
                .filter(line -> line.startsWith("cancel_gateway_") && line.contains("tenant=\"" + tenant + "\""))
                .count();
    }

    private static Reply cancel(TestGateway gateway, String tenant, String batch) {
        return gateway.cancel(batch, "X-Tenant-Id", tenant);
    }

    private static void awaitAnswers(List<CompletableFuture<Reply>> replies, int more) {
        long before = answered(replies);
        await().until(() -> answered(replies) >= before + more);
    }

    private static long answered(List<CompletableFuture<Reply>> replies) {
        return replies.stream().filter(CompletableFuture::isDone).count();
    }

    /** As a Secret is: the file is replaced, and never half written. */
    private void write(String tenant, String key) throws IOException {
        Path next = Files.writeString(directory.resolve(".next"), key);
        Files.move(next, directory.resolve(tenant), StandardCopyOption.ATOMIC_MOVE);
    }

    private TestGateway.InProcess start() {
        return TestGateway.bare()
                .upstream(simulator)
                .with("gateway.tenants-dir", directory)
                .with("gateway.callers.ops.token-sha256", Sha256.hex(TestGateway.TOKEN))
                .with("gateway.callers.ops.tenants", "*")
                .with("gateway.bulkhead.max-concurrent-calls", 100) // no call is refused because the machine is slow
                .followUps("1h", "1h")
                .start();
    }
}
