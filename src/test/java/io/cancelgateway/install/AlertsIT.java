package io.cancelgateway.install;

import static io.cancelgateway.install.Chart.elements;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.kagkarlsson.scheduler.Scheduler;
import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.Certificates;
import io.cancelgateway.support.DatabaseProxy;
import io.cancelgateway.support.Databases;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.TestClock;
import io.cancelgateway.support.TestGateway;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * Each of the chart's alerts is made to fire by its cause, in a real Prometheus that scrapes two gateways on one
 * database. Expressions are the chart's own; how long they must hold is cut to 2 s.
 */
@Tag("long")
class AlertsIT {

    private static final Duration PATIENCE = Duration.ofSeconds(40);
    private static final Duration LONG = Duration.ofHours(1);
    private static final String GLOBEX_KEY = "tlk_globex_2222";

    @TempDir
    private Path directory;

    private final TwelveLabsSimulator upstream = TwelveLabsSimulator.start(Clock.systemUTC());
    private final TwelveLabsSimulator.Account acme = upstream.account(TestGateway.KEY);
    private final TwelveLabsSimulator.Account globex = upstream.account(GLOBEX_KEY);
    private final DatabaseProxy database = DatabaseProxy.before(Databases.postgres());
    private final TestClock clock = new TestClock();
    private final List<TestGateway.InProcess> replicas = new ArrayList<>();
    private final Set<String> fired = new TreeSet<>();
    private volatile boolean defective;
    private Path keys;
    private Prometheus prometheus;

    @BeforeEach
    void start() throws IOException {
        Prometheus.skipWhereItIsNot();
        keys = Files.createDirectory(directory.resolve("keys"));
        Files.writeString(keys.resolve("acme"), TestGateway.KEY);
        Files.writeString(keys.resolve("globex"), GLOBEX_KEY);
        prometheus = Prometheus.start(
                directory, Prometheus.rules().toString().replaceAll("\"for\":\"[^\"]+\"", "\"for\":\"2s\""));
        replicas.add(gateway().start());
        replicas.add(gateway().start());
        prometheus.scrape(replicas);
    }

    private TestGateway.Builder gateway() {
        return TestGateway.builder()
                .upstream(upstream)
                .database(database.address())
                .clock(new DefectiveClock())
                .with("gateway.tenants-dir", keys)
                .with("gateway.callers.billing.tenants", "*")
                .with("gateway.retry.max-attempts", 1)
                // this Prometheus may be older than 2.43, and takes no scrape with exemplars
                .with("management.tracing.sampling.probability", 0)
                .followUps("100ms", "500ms");
    }

    @AfterEach
    void stop() {
        if (prometheus != null) {
            prometheus.close();
        }
        replicas.forEach(TestGateway::close);
        database.close();
        upstream.close();
    }

    @Test
    void eachFiresByItsCause() throws Exception {
        await().atMost(PATIENCE)
                .until(() -> prometheus.value("count(rate(cancel_gateway_unrecorded_total[10s]))") == 2);
        assertThat(prometheus.alerts().keySet())
                .as("quiet")
                .allSatisfy(name -> assertThat(prometheus.fires(name)).isFalse());

        keysAreInTrouble();
        aTenantIsTold();
        aCertificateIsNearItsEnd();
        theDatabaseFails();
        followUpsStandStill();
        aBatchDoesNotEnd();
        aBugShows();
        theUpstreamIsDown();
        replicasAreGone();

        assertThat(fired).isEqualTo(prometheus.alerts().keySet());
    }

    private void keysAreInTrouble() throws IOException {
        Files.writeString(keys.resolve("twin-a"), "tlk_twins_4444");
        Files.writeString(keys.resolve("twin-b"), "tlk_twins_4444");
        Files.writeString(keys.resolve("revoked"), "tlk_revoked_3333");
        Files.writeString(keys.resolve("garbled"), "");
        await().atMost(PATIENCE).until(() -> cancel(0, batch(acme), "revoked").status() == 502);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(
                                elements(alert("CancelGatewayTenantKeyTrouble").path("alerts")).stream()
                                        .filter(one ->
                                                one.path("state").stringValue().equals("firing"))
                                        .map(one -> one.at("/labels/tenant").stringValue() + " is "
                                                + one.at("/labels/state").stringValue()))
                        .containsExactlyInAnyOrder(
                                "twin-a is duplicate",
                                "twin-b is duplicate",
                                "revoked is rejected",
                                "garbled is unreadable"));
        awaitAlert("CancelGatewayTenantKeyTrouble");
        for (String tenant : List.of("twin-a", "twin-b", "revoked", "garbled")) {
            Files.delete(keys.resolve(tenant));
        }
        awaitQuiet("CancelGatewayTenantKeyTrouble");

        assertThat(prometheus.fires("CancelGatewayKeyReloadsFail")).isFalse();
        Path aside = Files.move(keys, directory.resolve("aside"));
        awaitAlert("CancelGatewayKeyReloadsFail");
        Files.move(aside, keys);
    }

    private void aTenantIsTold() {
        assertThat(prometheus.fires("CancelGatewayTenantTrouble")).isFalse();
        upstream.next(Operation.CANCEL, Fault.rateLimited("20"));
        assertThat(cancel(0, batch(globex), "globex").status()).isEqualTo(429);
        awaitAlert("CancelGatewayTenantTrouble");
    }

    private void aCertificateIsNearItsEnd() throws Exception {
        assertThat(prometheus.fires("CancelGatewayCertificateExpires")).isFalse();
        Certificates.write(new Certificates().issue("localhost", Instant.now().plus(Duration.ofDays(2))), directory);
        TestGateway.InProcess another = gateway()
                .with("spring.ssl.bundle.pem.server.keystore.certificate", directory.resolve("tls.crt"))
                .with("spring.ssl.bundle.pem.server.keystore.private-key", directory.resolve("tls.key"))
                .start();
        replicas.add(another);
        prometheus.scrape(replicas);
        awaitAlert("CancelGatewayCertificateExpires");
        replicas.remove(another);
        prometheus.scrape(replicas);
        another.close();
    }

    private void theDatabaseFails() {
        assertThat(prometheus.fires("CancelGatewayLedgerDown")).isFalse();
        assertThat(prometheus.fires("CancelGatewayUnrecordedCancels")).isFalse();
        SimulatedBatch batch = batch(acme);
        database.closeConnections();
        assertThat(cancel(0, batch, "acme").header("Cancellation-Recorded")).isEqualTo("false");
        awaitAlert("CancelGatewayLedgerDown");
        awaitAlert("CancelGatewayUnrecordedCancels");
        database.serve();
        awaitQuiet("CancelGatewayLedgerDown");
        batch.drain(Instant.now());
        awaitNothingPending();
    }

    /** Nobody delivers. */
    private void followUpsStandStill() {
        assertThat(prometheus.fires("CancelGatewayFollowUpsLate")).isFalse();
        assertThat(prometheus.fires("CancelGatewayRequestedTooLong")).isFalse();
        replicas.forEach(replica -> replica.bean(Scheduler.class).pause());
        SimulatedBatch batch = batch(acme);
        assertThat(replicas.getFirst()
                        .cancel(batch.id(), "X-Tenant-Id", "acme", "Prefer", "respond-async")
                        .status())
                .isEqualTo(202);
        clock.push(Duration.ofMinutes(3));
        awaitAlert("CancelGatewayFollowUpsLate");
        assertThat(prometheus.fires("CancelGatewayRequestedTooLong")).isFalse();
        clock.push(Duration.ofMinutes(30));
        awaitAlert("CancelGatewayRequestedTooLong");
        replicas.forEach(replica -> replica.bean(Scheduler.class).resume());
        awaitQuiet("CancelGatewayFollowUpsLate");
        awaitQuiet("CancelGatewayRequestedTooLong");
        batch.drain(Instant.now());
        awaitNothingPending();
    }

    private void aBatchDoesNotEnd() {
        assertThat(prometheus.fires("CancelGatewayCancelingTooLong")).isFalse();
        assertThat(prometheus.fires("CancelGatewayCancelsGivenUp")).isFalse();
        SimulatedBatch batch = batch(acme);
        assertThat(cancel(0, batch, "acme").status()).isEqualTo(202);
        clock.push(Duration.ofHours(7));
        awaitAlert("CancelGatewayCancelingTooLong");
        assertThat(prometheus.fires("CancelGatewayCancelsGivenUp")).isFalse();
        clock.push(Duration.ofHours(19));
        awaitAlert("CancelGatewayCancelsGivenUp");
        assertThat(record(batch)).isEqualTo("unconfirmed");
        awaitQuiet("CancelGatewayCancelingTooLong");
    }

    private void aBugShows() {
        assertThat(prometheus.fires("CancelGatewayInternalErrors")).isFalse();
        defective = true;
        assertThat(cancel(0, batch(acme), "acme").status()).isEqualTo(500);
        defective = false;
        awaitAlert("CancelGatewayInternalErrors");
    }

    /** The gateways' clock. While it is defective, it fails where a cancel begins, and works for all else. */
    private final class DefectiveClock extends Clock {

        @Override
        public Instant instant() {
            if (defective
                    && StackWalker.getInstance()
                            .walk(frames -> frames.anyMatch(frame ->
                                    frame.getClassName().equals("io.cancelgateway.cancellation.Cancellations")))) {
                throw new IllegalStateException("A defect");
            }
            return clock.instant();
        }

        @Override
        public ZoneId getZone() {
            return clock.getZone();
        }

        @Override
        public Clock withZone(ZoneId zone) {
            throw new UnsupportedOperationException();
        }
    }

    private void theUpstreamIsDown() {
        assertThat(prometheus.fires("CancelGatewayUpstreamBreakerOpen")).isFalse();
        upstream.always(Operation.CANCEL, Fault.status(503, "down"));
        SimulatedBatch batch = batch(acme);
        for (int replica = 0; replica < 2; replica++) {
            int one = replica;
            // until failures outnumber the calls before that worked
            await().atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> cancel(one, batch, "acme").status() == 503);
        }
        awaitAlert("CancelGatewayUpstreamBreakerOpen");
        awaitAlert("CancelGatewayErrorBudgetBurnsFast");
        awaitAlert("CancelGatewayErrorBudgetBurnsSlowly");
    }

    private void replicasAreGone() {
        assertThat(prometheus.fires("CancelGatewayReplicaNotScraped")).isFalse();
        replicas.removeLast().close();
        awaitAlert("CancelGatewayReplicaNotScraped");
        assertThat(prometheus.fires("CancelGatewayNotScraped")).isFalse();
        replicas.removeLast().close();
        awaitAlert("CancelGatewayNotScraped");
    }

    private SimulatedBatch batch(TwelveLabsSimulator.Account account) {
        return account.createBatch(3, 1, LONG);
    }

    private Reply cancel(int replica, SimulatedBatch batch, String tenant) {
        return replicas.get(replica).cancel(batch.id(), "X-Tenant-Id", tenant);
    }

    private String record(SimulatedBatch batch) {
        return replicas.getFirst()
                .get("/v1/cancellations/" + batch.id(), "X-Tenant-Id", "acme")
                .json()
                .path("state")
                .stringValue();
    }

    private JsonNode alert(String name) {
        return prometheus.alerts().get(name);
    }

    private void awaitAlert(String name) {
        await(name).atMost(PATIENCE).until(() -> prometheus.fires(name));
        fired.add(name);
    }

    private void awaitQuiet(String name) {
        await("no " + name).atMost(PATIENCE).until(() -> !prometheus.fires(name));
    }

    private void awaitNothingPending() {
        await("nothing is pending").atMost(PATIENCE).until(() -> prometheus.value("sum(cancel_gateway_pending)") == 0);
    }
}
