package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.tenant.ApiKey;
import io.cancelgateway.tenant.Tenant;
import io.cancelgateway.tenant.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.TestPropertySource;

/** The search for all active batches of an account, over real sockets. */
@TestPropertySource(properties = {"gateway.retry.max-attempts=2", "gateway.upstream.deadline=5s"})
class ActiveBatchesIT extends EndToEnd {

    @Autowired
    private TwelveLabs twelveLabs;

    private static final AtomicInteger ACCOUNTS = new AtomicInteger();

    /** An account of its own, so that nothing of another test runs in it. */
    private final String key = "tlk_search_" + ACCOUNTS.incrementAndGet();

    private final TwelveLabsSimulator.Account account = SIMULATOR.account(key);
    private final Tenant tenant =
            new Tenant(new TenantId("globex"), ApiKey.parse(key).orElseThrow());

    /** Newest first. */
    private final List<SimulatedBatch> created = new ArrayList<>();

    private SimulatedBatch create() {
        SimulatedBatch batch = account.createBatch(1, 0, Duration.ofHours(1)); // pending
        created.addFirst(batch);
        return batch;
    }

    private void create(int batches) {
        for (int i = 0; i < batches; i++) {
            create();
        }
    }

    @Test
    void findsPendingAndProcessingBatchesOnly() {
        SimulatedBatch processing = account.createBatch();
        account.createCompletedBatch();
        SimulatedBatch canceling = account.createBatch();
        canceling.cancelNow(Instant.now());
        SimulatedBatch pending = create();
        ACME.createBatch();

        assertThat(search()).isEqualTo(new ActiveBatches.Found(List.of(id(pending), id(processing))));

        assertThat(SIMULATOR.requests())
                .singleElement()
                .satisfies(request -> assertThat(request.uri())
                        .isEqualTo("/v1.3/analyze/batches?page=1&page_limit=50&status=pending&status=processing"));
    }

    @Test
    void findsNothingWhereNothingRuns() {
        assertThat(search()).isEqualTo(new ActiveBatches.Found(List.of()));
        assertThat(SIMULATOR.requests(Operation.LIST)).hasSize(1);
    }

    @Test
    void readsEveryPage() {
        create(120);

        assertThat(search()).isEqualTo(new ActiveBatches.Found(ids()));
    }

    @Test
    void missesNoneWhereOneEndsBetweenTwoPages() {
        create(120);
        AtomicInteger requests = new AtomicInteger();
        SIMULATOR.meanwhile(_ -> {
            if (requests.incrementAndGet() == 2) {
                created.removeFirst().cancelNow(Instant.now());
            }
        });

        assertThat(search()).isEqualTo(new ActiveBatches.Found(ids()));
    }

    @Test
    void retriesAPageAsARetrieveIsRetried() {
        create(60);
        SIMULATOR.next(Operation.LIST, Fault.none(), Fault.status(503, "busy"), Fault.none(), Fault.resetBefore());

        assertThat(search()).isEqualTo(new ActiveBatches.Found(ids()));

        assertThat(SIMULATOR.requests(Operation.LIST)).hasSize(6);
    }

    @Test
    void endsWithTheFailureOfAnyPage() {
        create(60);
        SIMULATOR.next(Operation.LIST, Fault.none(), Fault.status(400, "parameter_invalid"));
        assertThat(search())
                .isEqualTo(new ActiveBatches.Failed(
                        new Answer.Invalid(new VendorError("parameter_invalid", "simulated parameter_invalid"))));

        SIMULATOR.next(Operation.LIST, Fault.none(), Fault.rateLimited("60"));
        assertThat(search())
                .isEqualTo(new ActiveBatches.Failed(
                        new Answer.RateLimited(Duration.ofSeconds(60), RefusalReason.UPSTREAM_429)));

        // and the tenant is paused now
        assertThat(search()).isInstanceOf(ActiveBatches.Failed.class);
        assertThat(SIMULATOR.requests(Operation.LIST)).hasSize(4);
    }

    @Test
    void keepsOneDeadlineOverAllPages() {
        create(60);
        SIMULATOR.always(Operation.LIST, Fault.slow(Duration.ofMillis(300)));
        Deadline deadline = Deadline.after(Duration.ofMillis(500), time);

        assertThat(twelveLabs.activeBatches(tenant, deadline))
                .isEqualTo(new ActiveBatches.Failed(new Answer.DeadlineExceeded()));
    }

    static List<String> nonsense() {
        return List.of(
                "{\"page_info\":{\"total_page\":1}}",
                "{\"data\":null}",
                "{\"data\":{}}",
                "[]",
                "<html>",
                "{\"data\":[{}],\"page_info\":{\"total_page\":1}}",
                "{\"data\":[{\"batch_id\":\"../x\",\"status\":\"pending\"}]}",
                "{\"data\":[{\"batch_id\":\"68f4ddaf8aaa60d33df0e800\"}]}",
                "{\"data\":[],\"more\":\"" + "x".repeat(1024 * 1024) + "\"}");
    }

    @ParameterizedTest
    @MethodSource("nonsense")
    void nonsenseIsAFailureOfTheUpstreamAndIsNotRepeated(String body) {
        SIMULATOR.always(Operation.LIST, Fault.body(200, "application/json", body));

        assertThat(search())
                .isInstanceOfSatisfying(
                        ActiveBatches.Failed.class,
                        failed -> assertThat(failed.answer()).isInstanceOf(Answer.Failed.class));
        assertThat(SIMULATOR.requests()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void aPageWithoutPageInfoIsFollowedByAnother(int batches) {
        create(batches);
        String data = created.stream()
                .map(batch -> "{\"batch_id\":\"%s\",\"status\":\"pending\"}".formatted(batch.id()))
                .collect(Collectors.joining(","));
        Fault page = Fault.body(200, "application/json", "{\"data\":[" + data + "]}");
        SIMULATOR.next(Operation.LIST, page, Fault.none(), page, Fault.none());

        assertThat(search()).isEqualTo(new ActiveBatches.Found(ids()));
        assertThat(SIMULATOR.requests(Operation.LIST)).hasSize(4);
    }

    private ActiveBatches search() {
        return twelveLabs.activeBatches(tenant, twelveLabs.startDeadline());
    }

    private List<BatchId> ids() {
        return created.stream().map(ActiveBatchesIT::id).toList();
    }

    private static BatchId id(SimulatedBatch batch) {
        return new BatchId(batch.id());
    }
}
