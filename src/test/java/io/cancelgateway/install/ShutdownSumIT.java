package io.cancelgateway.install;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.boot.config.DbSchedulerProperties;
import com.zaxxer.hikari.HikariDataSource;
import io.cancelgateway.install.Chart.Manifests;
import io.cancelgateway.ledger.LedgerWriter;
import io.cancelgateway.support.TestGateway;
import io.cancelgateway.twelvelabs.TwelveLabs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.core.env.Environment;
import org.springframework.test.util.ReflectionTestUtils;

/**
 * The sum of what a stop may take, of the chart's settings as the application has read them, is within the pod's grace.
 */
class ShutdownSumIT {

    /** A request's outcome is waited for 300 ms, after its deadline; the rest is for the answer itself. */
    private static final Duration AFTER_THE_DEADLINE = Duration.ofSeconds(1);

    /** A scrape that is under way when the management server stops. */
    private static final Duration SCRAPE = Duration.ofSeconds(1);

    /** For a collector that hangs. */
    private static final Duration LAST_SPANS = Duration.ofSeconds(2);

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "gateway: {deadlineSeconds: 1, waitMaxSeconds: 1}",
                """
                gateway: {deadlineSeconds: 100, waitMaxSeconds: 3600}
                shutdown: {preStopSeconds: 1, marginSeconds: 19}
                config: {gateway: {upstream: {attempt-timeout: 1h}}}
                """,
            })
    void isWithinTheGraceInTheWorstCase(String values) throws Exception {
        Manifests manifests = Chart.render(values);
        try (TestGateway.InProcess gateway = start(manifests)) {
            Duration phase = sufficientPhase(gateway);

            // a caller's wait ends at once, so it is not in the sum
            Duration preStop = Duration.ofSeconds(
                    manifests.container().at("/lifecycle/preStop/sleep/seconds").longValue());
            Duration lastWrites = constant(
                            Class.forName("io.cancelgateway.cancellation.PostponedWrites"), "MAX_WAIT_AT_STOP")
                    .plus(constant(LedgerWriter.class, "MAX_WAIT_AT_CLOSE"));
            assertThat(Duration.ofSeconds(manifests
                            .podSpec()
                            .path("terminationGracePeriodSeconds")
                            .longValue()))
                    .isGreaterThanOrEqualTo(preStop.plus(phase)
                            .plus(SCRAPE)
                            .plus(lastWrites)
                            .plus(LAST_SPANS)
                            .plus(timeForConnectionsUnderWay(gateway)));
        }
    }

    @Test
    void requestsAndFollowUpsHaveTheirTimeWithoutTheChart() {
        try (TestGateway.InProcess gateway = TestGateway.builder().start()) {
            sufficientPhase(gateway);
        }
    }

    private static Duration sufficientPhase(TestGateway.InProcess gateway) {
        Duration phase = setting(gateway, "spring.lifecycle.timeout-per-shutdown-phase");
        assertThat(phase)
                .as("the time for requests and, meanwhile, for follow-ups")
                .isGreaterThanOrEqualTo(
                        gateway.bean(TwelveLabs.class).startDeadline().left().plus(AFTER_THE_DEADLINE))
                .isGreaterThanOrEqualTo(longestStop(gateway));
        return phase;
    }

    /** Each has its place in the sum. One that comes must get a place, too. */
    @Test
    void hasAllThatIsStopped() throws Exception {
        try (TestGateway.InProcess gateway = start(Chart.render())) {
            Map<String, SmartLifecycle> stopped = gateway.beans(SmartLifecycle.class);
            assertThat(stopped)
                    .containsOnlyKeys(
                            "batchWaits",
                            "webServerGracefulShutdown",
                            "followUpStop",
                            "childManagementContextInitializer",
                            "webServerStartStop",
                            "postponedWrites",
                            "lastSpans",
                            "clientHttpConnector",
                            "springBootLoggingLifecycle");
            int requests = WebServerApplicationContext.GRACEFUL_SHUTDOWN_PHASE;
            assertThat(stopped.get("batchWaits").getPhase())
                    .as("waits end first")
                    .isGreaterThan(requests);
            assertThat(stopped.get("followUpStop").getPhase())
                    .as("follow-ups end meanwhile")
                    .isEqualTo(requests);
            assertThat(stopped.get("postponedWrites").getPhase())
                    .as("what requests leave behind is written afterwards")
                    .isLessThan(stopped.get("webServerStartStop").getPhase());
        }
    }

    private TestGateway.InProcess start(Manifests manifests) throws Exception {
        Files.writeString(
                directory.resolve("application.yaml"),
                manifests.only("ConfigMap").at("/data/application.yaml").stringValue());
        return TestGateway.builder()
                .with("spring.config.additional-location", "file:" + directory + "/")
                .start();
    }

    /** The sum of the waits that the scheduler's own stop makes if nothing ever ends. */
    private static Duration longestStop(TestGateway.InProcess gateway) {
        DbSchedulerProperties settings = gateway.bean(DbSchedulerProperties.class);
        assertThat(settings.getShutdownMaxWait().multipliedBy(2))
                .as("the time for a follow-up that is under way")
                .isGreaterThan(gateway.bean(TwelveLabs.class).longestBackgroundCall());
        try (Stuck stuck = new Stuck()) {
            Scheduler.create(gateway.bean(DataSource.class))
                    .shutdownMaxWait(settings.getShutdownMaxWait())
                    .executorService(stuck)
                    .dueExecutor(stuck)
                    .housekeeperExecutor(stuck)
                    .build()
                    .stop();
            return stuck.waited();
        }
    }

    private static Duration timeForConnectionsUnderWay(TestGateway.InProcess gateway) {
        return Duration.ofMillis(((HikariDataSource) gateway.bean(DataSource.class)).getConnectionTimeout());
    }

    private static Duration setting(TestGateway.InProcess gateway, String key) {
        return Binder.get(gateway.bean(Environment.class))
                .bind(key, Duration.class)
                .get();
    }

    private static Duration constant(Class<?> type, String name) {
        return (Duration) Objects.requireNonNull(ReflectionTestUtils.getField(type, name));
    }

    /** Never ends, and adds up how long it was waited for. */
    private static final class Stuck extends ScheduledThreadPoolExecutor {

        private final AtomicLong waitedNanos = new AtomicLong();

        Stuck() {
            super(1);
        }

        @Override
        public boolean awaitTermination(long timeout, TimeUnit unit) {
            waitedNanos.addAndGet(unit.toNanos(timeout));
            return false;
        }

        Duration waited() {
            return Duration.ofNanos(waitedNanos.get());
        }

        @Override
        public void close() {
            shutdownNow();
        }
    }
}
