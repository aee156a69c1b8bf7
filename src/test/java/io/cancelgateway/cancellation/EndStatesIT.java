package io.cancelgateway.cancellation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.kagkarlsson.scheduler.boot.config.DbSchedulerProperties;
import io.cancelgateway.ledger.CancellationKey;
import io.cancelgateway.ledger.Ledger;
import io.cancelgateway.ledger.LedgerQueries;
import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.TestClock;
import io.cancelgateway.tenant.TenantId;
import io.cancelgateway.tenant.Tenants;
import io.cancelgateway.twelvelabs.TwelveLabs;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.test.context.TestPropertySource;
import tools.jackson.databind.JsonNode;

/** Every end that a cancellation can come to, each brought about by what the upstream does. */
@Import(EndStatesIT.Time.class)
@TestPropertySource(
        properties = {
            "gateway.follow-up.initial-delay=20ms",
            "gateway.follow-up.max-delay=100ms",
            "gateway.upstream.deadline=1500ms",
            "db-scheduler.polling-interval=50ms"
        })
@DirtiesContext // its follow-ups must not ask on while others count requests
class EndStatesIT extends EndToEnd {

    private static final TestClock CLOCK = new TestClock();

    /** For this test and the one on PostgreSQL; it ends with the JVM. */
    private static final TwelveLabsSimulator VENDOR = TwelveLabsSimulator.start(CLOCK);

    private static final TwelveLabsSimulator.Account ACCOUNT = VENDOR.account(ACME_KEY);
    private static final Duration AN_HOUR = Duration.ofHours(1);

    @Autowired
    private Ledger ledger;

    @Autowired
    private LedgerQueries records;

    @Autowired
    private Lifecycle lifecycle;

    @Autowired
    private Recorder recorder;

    @Autowired
    private TwelveLabs twelveLabs;

    @Autowired
    private Tenants tenants;

    @Autowired
    private DbSchedulerProperties scheduler;

    @Autowired
    private BatchWaits waits;

    @Autowired
    private CancellationMetrics metrics;

    @Autowired
    private RequestTraces traces;

    @TestConfiguration
    static class Time {
        @Bean
        @Primary
        Clock testClock() {
            return CLOCK;
        }

        /** Fails where nothing should ever fail. */
        @Bean
        static BeanPostProcessor pollsThatFail() {
            return new BeanPostProcessor() {
                @Override
                public Object postProcessAfterInitialization(Object bean, String name) {
                    return bean instanceof TwelveLabs vendor
                            ? Proxy.newProxyInstance(
                                    getClass().getClassLoader(),
                                    new Class<?>[] {TwelveLabs.class},
                                    (_, method, arguments) -> {
                                        if (method.getName().equals("poll")
                                                && POLLS_FAIL.contains(arguments[1].toString())) {
                                            throw new IllegalStateException("a poll that fails");
                                        }
                                        return method.invoke(vendor, arguments);
                                    })
                            : bean;
                }
            };
        }
    }

    private static final Set<String> POLLS_FAIL = ConcurrentHashMap.newKeySet();

    @DynamicPropertySource
    static void vendor(DynamicPropertyRegistry registry) {
        registry.add("gateway.upstream.base-url", VENDOR::baseUrl);
    }

    /** And no connection that a reset would find stale. */
    @BeforeEach
    void noFaultOfAnEarlierTest() {
        VENDOR.reset();
        VENDOR.dropConnections(false);
        retrieve(ACCOUNT.createBatch().id());
        VENDOR.reset();
    }

    @Test
    void canceledWithItsFinalCountsCountedOnce() {
        double canceled = count("cancel.gateway.items", "tenant", "acme", "result", "canceled");
        double ready = count("cancel.gateway.items", "tenant", "acme", "result", "ready");
        double failed = count("cancel.gateway.items", "tenant", "acme", "result", "failed");
        double total = total("canceled");
        long confirmed = meters.get("cancel.gateway.confirmation").timer().count();
        double endings = endings("canceled");
        double running = count("cancel.gateway.follow.up.polls", "result", "running");
        double ended = count("cancel.gateway.follow.up.polls", "result", "ended");
        SimulatedBatch batch = ACCOUNT.createBatch();

        assertThat(cancel(batch.id()).status()).isEqualTo(202);

        JsonNode accepted = record(batch);
        assertThat(accepted.path("state").stringValue()).isEqualTo("canceling");
        assertThat(accepted.path("counts_at_acceptance").toString())
                .isEqualTo("{\"total_items\":73,\"queued_items\":0,\"processing_items\":3,\"ready_items\":0,"
                        + "\"failed_items\":0,\"canceled_items\":70}");
        assertThat(accepted.has("counts_final")).isFalse();
        assertThat(accepted.has("finished_at")).isFalse();

        await().until(() -> count("cancel.gateway.follow.up.polls", "result", "running") > running);
        batch.failOne(CLOCK.instant());
        batch.drain(CLOCK.instant());
        JsonNode record = awaitEnd(batch, "canceled");

        assertThat(record.path("counts_final").toString())
                .isEqualTo("{\"total_items\":73,\"queued_items\":0,\"processing_items\":0,\"ready_items\":2,"
                        + "\"failed_items\":1,\"canceled_items\":70}");
        assertThat(record.path("attempts").intValue()).isEqualTo(1);
        assertThat(record.path("model_name").stringValue()).isEqualTo("pegasus1.5");
        assertThat(record.path("analysis_mode").stringValue()).isEqualTo("general");
        awaitCount(canceled + 70, "cancel.gateway.items", "tenant", "acme", "result", "canceled");
        awaitCount(
                ready + 2,
                "cancel.gateway.items",
                "tenant",
                "acme",
                "result",
                "ready",
                "model",
                "pegasus1.5",
                "analysis_mode",
                "general");
        awaitCount(failed + 1, "cancel.gateway.items", "tenant", "acme", "result", "failed");
        awaitTotal(total + 70, "canceled");
        await().untilAsserted(() -> assertThat(
                        meters.get("cancel.gateway.confirmation").timer().count())
                .isEqualTo(confirmed + 1));
        awaitCount(endings + 1, "cancel.gateway.endings", "tenant", "acme", "state", "canceled");
        awaitCount(ended + 1, "cancel.gateway.follow.up.polls", "result", "ended");
    }

    @Test
    void canceledThoughTheCallerGotNoAnswer() {
        double total = total("canceled");
        SimulatedBatch batch = ACCOUNT.createBatch();
        VENDOR.next(Operation.CANCEL, Fault.hangAfter());

        cancel(batch.id()).isProblem(504, "deadline_exceeded");

        await().untilAsserted(() ->
                assertThat(record(batch).path("state").stringValue()).isEqualTo("canceling"));
        batch.drain(CLOCK.instant());
        JsonNode record = awaitEnd(batch, "canceled");
        assertThat(record.path("attempts").intValue()).isEqualTo(1);
        assertThat(record.path("requests").path(0).path("outcome").stringValue())
                .isEqualTo("deadline_exceeded");
        awaitTotal(total + 70, "canceled");
        assertThat(VENDOR.requests(Operation.CANCEL)).hasSize(1);
    }

    @Test
    void canceledAtOnceThoughTheCallerGotNoAnswer() {
        double total = total("canceled");
        SimulatedBatch batch = ACCOUNT.createBatch(7, 0, AN_HOUR);
        VENDOR.next(Operation.CANCEL, Fault.resetAfter());

        cancel(batch.id()).isProblem(502, "upstream_error");

        JsonNode record = awaitEnd(batch, "canceled");
        assertThat(record.has("accepted_at")).isFalse();
        assertThat(record.path("counts_final").path("canceled_items").intValue())
                .isEqualTo(7);
        awaitTotal(total + 7, "canceled");
    }

    @Test
    void canceledByTheCallersNextRequest() {
        double total = total("canceled");
        SimulatedBatch batch = ACCOUNT.createBatch(7, 0, AN_HOUR);
        VENDOR.always(Operation.RETRIEVE, Fault.status(503, "down"));
        VENDOR.next(Operation.CANCEL, Fault.resetAfter());
        cancel(batch.id()).isProblem(502, "upstream_error");
        VENDOR.reset();

        Reply again = cancel(batch.id());

        assertThat(again.status()).as(again.text()).isEqualTo(200);
        assertThat(again.json().path("canceled_items").intValue()).isEqualTo(7);
        JsonNode record = awaitEnd(batch, "canceled");
        assertThat(record.path("attempts").intValue()).isEqualTo(2);
        assertThat(outcomes(record)).containsExactly("confirmed", "upstream_error");
        awaitTotal(total + 7, "canceled");
    }

    @Test
    void canceledBySomebodyElseIsNotCounted() {
        double total = total("canceled");
        double counted = count("cancel.gateway.items");
        SimulatedBatch batch = ACCOUNT.createBatch();
        batch.cancelNow(CLOCK.instant());
        batch.drain(CLOCK.instant());

        cancel(batch.id()).isProblem(409, "batch_canceled");

        JsonNode record = record(batch);
        assertThat(record.path("state").stringValue()).isEqualTo("canceled");
        assertThat(record.has("counts_at_acceptance")).isFalse();
        assertThat(record.has("counts_final")).isFalse();
        assertThat(record.has("accepted_at")).isFalse();
        assertThat(total("canceled")).isEqualTo(total);
        assertThat(count("cancel.gateway.items")).isEqualTo(counted);
    }

    @Test
    void completedBeforeTheCancel() {
        double endings = endings("completed");
        SimulatedBatch batch = ACCOUNT.createCompletedBatch();

        cancel(batch.id()).isProblem(409, "batch_completed");

        JsonNode record = record(batch);
        awaitCount(endings + 1, "cancel.gateway.endings", "tenant", "acme", "state", "completed");
        assertThat(record.path("state").stringValue()).isEqualTo("completed");
        assertThat(record.has("finished_at")).isTrue();
        assertThat(outcomes(record)).containsExactly("already_terminal");
    }

    @Test
    void completedWithoutTheCancelThatWasLost() {
        SimulatedBatch batch = ACCOUNT.createBatch(2, 2, AN_HOUR);
        VENDOR.next(Operation.CANCEL, Fault.hangBefore());
        cancel(batch.id()).isProblem(504, "deadline_exceeded");

        batch.drain(CLOCK.instant());

        JsonNode record = awaitEnd(batch, "completed");
        assertThat(record.path("counts_final").path("ready_items").intValue()).isEqualTo(2);
    }

    @Test
    void expiredBeforeTheCancel() {
        SimulatedBatch batch = ACCOUNT.createBatch(2, 2, Duration.ofDays(3));
        CLOCK.push(Duration.ofHours(25));

        cancel(batch.id()).isProblem(409, "batch_expired");

        assertThat(record(batch).path("state").stringValue()).isEqualTo("expired");
    }

    @Test
    void expiredWhileCancelingAddsNothingWhateverItsCountsSay() {
        double total = total("canceled");
        double counted = count("cancel.gateway.items");
        SimulatedBatch batch = ACCOUNT.createBatch(73, 3, Duration.ofDays(3));
        assertThat(cancel(batch.id()).status()).isEqualTo(202);

        CLOCK.push(Duration.ofHours(24));

        JsonNode record = awaitEnd(batch, "expired");
        assertThat(record.path("counts_final").path("canceled_items").intValue())
                .isEqualTo(73);
        assertThat(total("canceled")).isEqualTo(total);
        assertThat(count("cancel.gateway.items")).isEqualTo(counted);
    }

    @Test
    void notFound() {
        String id = "00000000000000000000beef";

        cancel(id).isProblem(404, "resource_not_exist");

        assertThat(record(id).path("state").stringValue()).isEqualTo("not_found");
        assertThat(record(id).path("attempts").intValue()).isEqualTo(1);
    }

    @Test
    void notFoundByTheFollowUp() {
        String id = "00000000000000000000bef0";
        VENDOR.next(Operation.CANCEL, Fault.hangBefore());
        cancel(id).isProblem(504, "deadline_exceeded");

        CLOCK.push(Duration.ofSeconds(2));

        await().untilAsserted(
                        () -> assertThat(record(id).path("state").stringValue()).isEqualTo("not_found"));
    }

    @Test
    void rejected() {
        SimulatedBatch batch = ACCOUNT.createBatch();
        VENDOR.next(Operation.CANCEL, Fault.status(403, "api_not_allowed"));

        cancel(batch.id()).isProblem(502, "tenant_key_rejected");

        assertThat(record(batch).path("state").stringValue()).isEqualTo("rejected");
    }

    @Test
    void failedAtOnceWhereNoAttemptMayHaveTakenEffect() {
        SimulatedBatch batch = ACCOUNT.createBatch();
        VENDOR.next(Operation.CANCEL, Fault.status(429, "too_many_requests"));

        cancel(batch.id()).isProblem(429, "too_many_requests");

        assertThat(record(batch).path("state").stringValue()).isEqualTo("failed");
        assertThat(outcomes(record(batch))).containsExactly("rate_limited");
    }

    @Test
    void failedAMinuteAfterAnAttemptThatMayHaveTakenEffectAndNotBefore() {
        SimulatedBatch batch = ACCOUNT.createBatch();
        VENDOR.next(Operation.CANCEL, Fault.status(503, "down"));
        cancel(batch.id()).isProblem(502, "upstream_error");

        CLOCK.push(Duration.ofSeconds(50));
        int polls = VENDOR.requests(Operation.RETRIEVE).size();
        await().until(() -> VENDOR.requests(Operation.RETRIEVE).size() > polls + 1);
        assertThat(record(batch).path("state").stringValue()).isEqualTo("requested");

        CLOCK.push(Duration.ofSeconds(11));
        awaitEnd(batch, "failed");
        assertThat(VENDOR.requests(Operation.CANCEL)).hasSize(1);
    }

    @Test
    void failedIsStartedAgainByTheNextCancel() {
        SimulatedBatch batch = ACCOUNT.createBatch();
        VENDOR.next(Operation.CANCEL, Fault.status(429, "too_many_requests"));
        cancel(batch.id(), "x-api-key", TOKEN, "X-Cancel-Reason", "first");
        assertThat(record(batch).path("state").stringValue()).isEqualTo("failed");

        assertThat(cancel(batch.id(), "x-api-key", TOKEN, "X-Cancel-Reason", "second")
                        .status())
                .isEqualTo(202);

        JsonNode record = record(batch);
        assertThat(record.path("state").stringValue()).isEqualTo("canceling");
        assertThat(record.path("reason").stringValue()).isEqualTo("second");
        assertThat(record.path("attempts").intValue()).isEqualTo(2);
        assertThat(outcomes(record)).containsExactly("accepted", "rate_limited");
        batch.drain(CLOCK.instant());
        awaitEnd(batch, "canceled");
    }

    @Test
    void startedAgainDaysAfterItsFirstRequestIsFollowedAsIfItWereNew() {
        SimulatedBatch batch = ACCOUNT.createBatch();
        VENDOR.next(Operation.CANCEL, Fault.status(429, "too_many_requests"));
        cancel(batch.id()).isProblem(429, "too_many_requests");
        String first = record(batch).path("requested_at").stringValue();
        CLOCK.push(Duration.ofDays(3));
        VENDOR.always(Operation.RETRIEVE, Fault.status(500, "down"));
        VENDOR.next(Operation.CANCEL, Fault.status(503, "down"));

        cancel(batch.id()).isProblem(502, "upstream_error");

        int polls = VENDOR.requests(Operation.RETRIEVE).size();
        await().until(() -> VENDOR.requests(Operation.RETRIEVE).size() > polls + 1);
        assertThat(record(batch).path("state").stringValue()).isEqualTo("requested");
        assertThat(record(batch).path("requested_at").stringValue()).isEqualTo(first);
        assertThat(unhurried().run(id(batch), 2))
                .hasValueSatisfying(delay -> assertThat(delay).isLessThan(Duration.ofMinutes(1)));

        CLOCK.push(Duration.ofHours(25));
        awaitEnd(batch, "unconfirmed");
    }

    /** Waits as long between polls as the age of a cancellation lets it. */
    private FollowUp unhurried() {
        PollDelay pollDelay = new PollDelay(Duration.ofMillis(1), Duration.ofHours(10), RandomGenerator.getDefault());
        return new FollowUpConfiguration()
                .followUp(
                        ledger,
                        lifecycle,
                        recorder,
                        twelveLabs,
                        tenants,
                        CLOCK,
                        pollDelay,
                        scheduler,
                        waits,
                        metrics,
                        traces);
    }

    private long id(SimulatedBatch batch) {
        return records.find(new CancellationKey(new TenantId("acme"), batch.id()))
                .orElseThrow()
                .id();
    }

    @Test
    void unconfirmedWhereItsEndCannotBeLearnedInTheBatchsLife() {
        SimulatedBatch batch = ACCOUNT.createBatch();
        assertThat(cancel(batch.id()).status()).isEqualTo(202);
        VENDOR.always(Operation.RETRIEVE, Fault.status(500, "down"));

        CLOCK.push(Duration.ofHours(24));
        int polls = VENDOR.requests(Operation.RETRIEVE).size();
        await().until(() -> VENDOR.requests(Operation.RETRIEVE).size() > polls + 1);
        assertThat(record(batch).path("state").stringValue()).isEqualTo("canceling");

        CLOCK.push(AN_HOUR);
        JsonNode record = awaitEnd(batch, "unconfirmed");
        assertThat(record.path("counts_at_acceptance").path("canceled_items").intValue())
                .isEqualTo(70);
        assertThat(record.has("counts_final")).isFalse();
    }

    @Test
    void unconfirmedWhereEveryPollFailsByABug() {
        SimulatedBatch batch = ACCOUNT.createBatch();
        POLLS_FAIL.add(batch.id());
        assertThat(cancel(batch.id()).status()).isEqualTo(202);

        CLOCK.push(Duration.ofHours(24));
        CLOCK.push(Duration.ofMinutes(59));
        assertThat(record(batch).path("state").stringValue()).isEqualTo("canceling");
        CLOCK.push(Duration.ofMinutes(2));

        awaitEnd(batch, "unconfirmed");
    }

    @Test
    void unconfirmedIsConfirmedAfterAll() {
        double total = total("canceled");
        SimulatedBatch batch = ACCOUNT.createBatch(8, 1, AN_HOUR);
        assertThat(cancel(batch.id()).status()).isEqualTo(202);
        batch.drain(CLOCK.instant());
        VENDOR.always(Operation.RETRIEVE, Fault.status(500, "down"));
        CLOCK.push(Duration.ofHours(25));
        awaitEnd(batch, "unconfirmed");
        VENDOR.reset();

        cancel(batch.id()).isProblem(409, "batch_canceled");

        JsonNode record = awaitEnd(batch, "canceled");
        assertThat(record.path("counts_final").path("canceled_items").intValue())
                .isEqualTo(7);
        assertThat(record.path("counts_at_acceptance").path("canceled_items").intValue())
                .isEqualTo(7);
        awaitTotal(total + 7, "canceled");
    }

    @Test
    void aLongRetryAfterDoesNotKeepFromLooking() {
        SimulatedBatch batch = ACCOUNT.createBatch(8, 1, AN_HOUR);
        VENDOR.next(Operation.RETRIEVE, Fault.status(503, "down", Map.of("Retry-After", "31536000")));
        assertThat(cancel(batch.id()).status()).isEqualTo(202);
        await().until(() -> VENDOR.requests(Operation.RETRIEVE).size() == 1);
        batch.drain(CLOCK.instant());

        CLOCK.push(Duration.ofMinutes(6));

        awaitEnd(batch, "canceled");
    }

    @Test
    void canceledBySomebodyElseIsNotCountedThoughTwoAskAtOnce() throws Exception {
        double total = total("canceled");
        SimulatedBatch batch = ACCOUNT.createBatch();
        batch.cancelNow(CLOCK.instant());
        batch.drain(CLOCK.instant());
        VENDOR.next(Operation.CANCEL, Fault.slow(Duration.ofMillis(400)));

        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<Reply> first = callers.submit(() -> cancel(batch.id()));
            await().until(() -> VENDOR.requests(Operation.CANCEL).size() == 1);
            cancel(batch.id());
            first.get().isProblem(409, "batch_canceled");
        }

        JsonNode record = awaitEnd(batch, "canceled");
        assertThat(record.has("counts_final")).isFalse();
        assertThat(total("canceled")).isEqualTo(total);
    }

    @Test
    void aKeyThatIsRefusedIsProbedFromTimeToTime() {
        SimulatedBatch batch = ACCOUNT.createBatch();
        VENDOR.always(Operation.RETRIEVE, Fault.status(401, "api_key_invalid"));
        assertThat(cancel(batch.id()).status()).isEqualTo(202);
        await().until(() -> VENDOR.requests(Operation.RETRIEVE).size() == 1);
        batch.drain(CLOCK.instant());

        CLOCK.push(Duration.ofMinutes(10));
        VENDOR.always(Operation.RETRIEVE, Fault.none());
        SimulatedBatch other = ACCOUNT.createBatch(1, 1, AN_HOUR);
        cancel(other.id());
        other.drain(CLOCK.instant());
        awaitEnd(other, "canceled");
        assertThat(record(batch).path("state").stringValue()).isEqualTo("canceling");

        CLOCK.push(Duration.ofMinutes(5));
        awaitEnd(batch, "canceled");
    }

    @Test
    void aPauseOfTheTenantIsNotBroken() {
        SimulatedBatch batch = ACCOUNT.createBatch();
        assertThat(cancel(batch.id()).status()).isEqualTo(202);
        VENDOR.next(Operation.RETRIEVE, Fault.rateLimited("120"));
        await().until(() -> gauge("cancel.gateway.tenants.paused") == 1);
        long polls = VENDOR.requests(Operation.RETRIEVE).stream()
                .filter(poll -> poll.uri().contains(batch.id()))
                .count();
        batch.drain(CLOCK.instant());

        CLOCK.push(Duration.ofMinutes(3));
        // meanwhile another tenant's follow-up, which is younger, comes to its end
        SimulatedBatch others = VENDOR.account(GLOBEX_KEY).createBatch(1, 1, AN_HOUR);
        cancel(others.id(), "x-api-key", WIDE_TOKEN, "X-Tenant-Id", "globex");
        others.drain(CLOCK.instant());
        await().untilAsserted(() -> assertThat(send(
                                "GET",
                                "/v1/cancellations/" + others.id(),
                                "x-api-key",
                                WIDE_TOKEN,
                                "X-Tenant-Id",
                                "globex")
                        .json()
                        .path("state")
                        .stringValue())
                .isEqualTo("canceled"));
        assertThat(VENDOR.requests(Operation.RETRIEVE))
                .filteredOn(poll -> poll.uri().contains(batch.id()))
                .hasSize((int) polls);

        time.push(Duration.ofMinutes(3));
        CLOCK.push(Duration.ofMinutes(3));
        awaitEnd(batch, "canceled");
    }

    @Test
    void repeatedCancelsAreOneCancellationAndAcceptedOnce() {
        long accepted = accepted();
        SimulatedBatch batch = ACCOUNT.createBatch();

        assertThat(cancel(batch.id()).status()).isEqualTo(202);
        batch.failOne(CLOCK.instant());
        assertThat(cancel(batch.id().toUpperCase(java.util.Locale.ROOT), "x-api-key", TOKEN, "X-Cancel-Reason", "again")
                        .status())
                .isEqualTo(202);

        JsonNode record = record(batch);
        assertThat(outcomes(record)).containsExactly("accepted", "accepted");
        assertThat(record.has("reason")).isFalse();
        assertThat(record.path("requests").path(0).path("reason").stringValue()).isEqualTo("again");
        assertThat(record.path("requests").path(0).path("trace_id").stringValue())
                .matches("[0-9a-f]{32}");
        assertThat(record.path("counts_at_acceptance").path("failed_items").intValue())
                .isZero();
        assertThat(record.path("attempts").intValue()).isEqualTo(2);
        assertThat(accepted()).isEqualTo(accepted + 1);
        batch.drain(CLOCK.instant());
        awaitEnd(batch, "canceled");
        cancel(batch.id()).isProblem(409, "batch_canceled");
        assertThat(outcomes(record(batch))).containsExactly("already_terminal", "accepted", "accepted");
    }

    @Test
    void twentyConcurrentCancelsOfOneBatchCountItOnce() throws Exception {
        double counted = count("cancel.gateway.items", "tenant", "acme", "result", "canceled");
        double total = total("canceled");
        long accepted = accepted();
        SimulatedBatch batch = ACCOUNT.createBatch();

        List<Future<Reply>> replies = new ArrayList<>();
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 20; i++) {
                replies.add(callers.submit(() -> cancel(batch.id())));
            }
        }
        for (Future<Reply> reply : replies) {
            assertThat(reply.get().status()).isEqualTo(202);
        }
        batch.drain(CLOCK.instant());
        JsonNode record = awaitEnd(batch, "canceled");

        assertThat(record.path("requests").size()).isEqualTo(20);
        assertThat(record.path("attempts").intValue()).isEqualTo(20);
        awaitCount(counted + 70, "cancel.gateway.items", "tenant", "acme", "result", "canceled");
        awaitTotal(total + 70, "canceled");
        assertThat(accepted()).isEqualTo(accepted + 1);
    }

    @Test
    void whatIsPendingIsShownWithItsAge() {
        await().until(() -> pending("requested") + pending("canceling") == 0);
        SimulatedBatch canceling = ACCOUNT.createBatch();
        cancel(canceling.id());
        SimulatedBatch unanswered = ACCOUNT.createBatch();
        VENDOR.next(Operation.CANCEL, Fault.status(503, "down", Map.of()));
        cancel(unanswered.id());
        CLOCK.push(Duration.ofSeconds(30));

        await().untilAsserted(() -> {
            assertThat(pending("canceling")).isEqualTo(1);
            assertThat(pending("requested")).isEqualTo(1);
        });
        for (String state : List.of("canceling", "requested")) {
            assertThat(gauge("cancel.gateway.oldest.pending", "state", state)).isBetween(30.0, 45.0);
        }
        canceling.drain(CLOCK.instant());
        CLOCK.push(Duration.ofSeconds(40));
        awaitEnd(canceling, "canceled");
        awaitEnd(unanswered, "failed");
        await().untilAsserted(() -> {
            time.push(Duration.ofSeconds(2));
            assertThat(gauge("cancel.gateway.oldest.pending", "state", "canceling"))
                    .isZero();
            assertThat(gauge("cancel.gateway.oldest.pending", "state", "requested"))
                    .isZero();
        });
    }

    private double endings(String state) {
        return count("cancel.gateway.endings", "tenant", "acme", "state", state);
    }

    private double pending(String state) {
        time.push(Duration.ofSeconds(2));
        return gauge("cancel.gateway.pending", "state", state);
    }

    private long accepted() {
        return meters.find("cancel.gateway.accepted.canceled.items").summaries().stream()
                .mapToLong(summary -> summary.count())
                .sum();
    }

    private double total(String result) {
        return meters.find("cancel.gateway.ledger.items").tags("tenant", "acme", "result", result).gauges().stream()
                .mapToDouble(gauge -> gauge.value())
                .sum();
    }

    private void awaitTotal(double expected, String result) {
        await().untilAsserted(() -> assertThat(total(result)).isEqualTo(expected));
    }

    private static List<String> outcomes(JsonNode record) {
        return record.path("requests")
                .valueStream()
                .map(request -> request.path("outcome").stringValue())
                .toList();
    }

    private JsonNode awaitEnd(SimulatedBatch batch, String state) {
        await().untilAsserted(() ->
                assertThat(record(batch).path("state").stringValue()).isEqualTo(state));
        return record(batch);
    }

    private JsonNode record(SimulatedBatch batch) {
        return record(batch.id());
    }

    private JsonNode record(String id) {
        Reply reply = send("GET", "/v1/cancellations/" + id, "x-api-key", TOKEN);
        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
        return reply.json();
    }
}
