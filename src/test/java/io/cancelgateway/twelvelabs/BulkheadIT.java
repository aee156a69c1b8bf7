package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.Reply;
import io.cancelgateway.tenant.Tenant;
import io.cancelgateway.tenant.TenantId;
import io.cancelgateway.tenant.Tenants;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.TestPropertySource;

@TestPropertySource(
        properties = {
            "gateway.bulkhead.max-concurrent-calls=2",
            "gateway.upstream.attempt-timeout=3s",
            "gateway.upstream.deadline=10s",
            "gateway.retry.max-attempts=2",
        })
class BulkheadIT extends EndToEnd {

    private static final String[] AS_GLOBEX = {"x-api-key", WIDE_TOKEN, "X-Tenant-Id", "globex"};

    @Autowired
    private TwelveLabs twelveLabs;

    @Autowired
    private Tenants tenants;

    @Test
    void aBurstWaitsForItsTurn() throws Exception {
        SIMULATOR.always(Operation.CANCEL, Fault.slow(Duration.ofMillis(100)));
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Reply>> replies = new ArrayList<>();
            // two at a time, and as many may wait
            for (int i = 0; i < 4; i++) {
                String id = ACME.createBatch().id();
                replies.add(threads.submit(() -> cancel(id)));
            }
            for (Future<Reply> reply : replies) {
                assertThat(reply.get().status()).isEqualTo(202);
            }
        }
    }

    @Test
    void moreThanItsShareIs429AndOtherTenantsDoNotNotice() throws Exception {
        ACME.always(Fault.hangBefore());
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Reply>> hanging = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                String id = ACME.createBatch().id();
                hanging.add(threads.submit(() -> cancel(id)));
            }
            await().until(() -> SIMULATOR.requests().size() == 2);

            Reply refused = cancel(ACME.createBatch().id()).isProblem(429, "too_many_requests");
            assertThat(refused.header("Retry-After")).isEqualTo("1");
            list().isProblem(429, "too_many_requests");
            assertThat(SIMULATOR.requests()).hasSize(2);
            assertThat(cancel(GLOBEX.createBatch().id(), AS_GLOBEX).status()).isEqualTo(202);
            ACME.always(Fault.none());
            for (Future<Reply> reply : hanging) {
                assertThat(reply.get().status()).isEqualTo(202);
            }
        }
    }

    @Test
    void aPermitIsNotHeldWhileBackingOff() throws Exception {
        SIMULATOR.next(
                Operation.CANCEL,
                Fault.status(503, "busy", java.util.Map.of("Retry-After", "2")),
                Fault.status(503, "busy", java.util.Map.of("Retry-After", "2")));
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Reply>> backingOff = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                String id = ACME.createBatch().id();
                backingOff.add(threads.submit(() -> cancel(id)));
            }
            await().until(() -> SIMULATOR.requests().size() == 2);

            assertThat(cancel(ACME.createBatch().id()).status()).isEqualTo(202);
            assertThat(backingOff).noneMatch(Future::isDone);
            for (Future<Reply> reply : backingOff) {
                assertThat(reply.get().status()).isEqualTo(202);
            }
        }
    }

    @Test
    void aBulkLeavesHalfToSingleCallersAndWaitsLongerThanTheyDo() throws Exception {
        Tenant acme = tenants.find(new TenantId("acme")).orElseThrow();
        Deadline deadline = twelveLabs.startDeadline();
        SIMULATOR.next(Operation.CANCEL, Fault.hangBefore());
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<CancelResult>> bulk = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                BatchId id = new BatchId(ACME.createBatch().id());
                bulk.add(threads.submit(() -> twelveLabs.cancelInBulk(acme, id, false, deadline)));
            }
            await().until(() -> SIMULATOR.requests().size() == 1);

            // more than ever fit into the queue of single callers
            for (int i = 0; i < 3; i++) {
                assertThat(cancel(ACME.createBatch().id()).status()).isEqualTo(202);
            }
            assertThat(SIMULATOR.requests()).hasSize(4);
            assertThat(bulk).noneMatch(Future::isDone);

            // the first one takes the 3 s of an attempt, and then is tried once more
            for (Future<CancelResult> result : bulk) {
                assertThat(result.get().answer()).isInstanceOf(Answer.Accepted.class);
            }
            assertThat(SIMULATOR.requests()).hasSize(8);
        }
    }
}
