package io.cancelgateway.durability;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.Sha256;
import io.cancelgateway.support.TestGateway;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Ten tenants at equal load, with the settings of production; the account of one of them falls ill. Short by default;
 * {@code -Disolation.seconds=30} measures long enough to compare the others' p99 too.
 */
@Tag("long")
class IsolationIT {

    private static final int TENANTS = 10;
    private static final Duration PACE = Duration.ofMillis(50);
    private static final int SECONDS = Integer.getInteger("isolation.seconds", 4);
    private static final int LONG_ENOUGH_FOR_P99 = 30;

    private record Call(int tenant, int status, Duration took) {}

    @Test
    void theTroubleOfOneTenantStaysItsOwn() throws Exception {
        try (TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC());
                TestGateway.InProcess gateway = start(simulator)) {
            List<String> batches = IntStream.range(0, TENANTS)
                    .mapToObj(tenant ->
                            simulator.account(key(tenant)).createBatch().id())
                    .toList();
            AtomicInteger opened = new AtomicInteger();
            gateway.bean(CircuitBreakerRegistry.class)
                    .circuitBreaker("upstream")
                    .getEventPublisher()
                    .onStateTransition(event -> {
                        if (event.getStateTransition().getToState() == CircuitBreaker.State.OPEN) {
                            opened.incrementAndGet();
                        }
                    });
            load(gateway, batches); // warm

            Map<String, Fault> illnesses = new TreeMap<>(Map.of(
                    "500", Fault.status(500, "oops"),
                    "hangs", Fault.hangBefore(),
                    "429", Fault.rateLimited("2")));
            for (Map.Entry<String, Fault> illness : illnesses.entrySet()) {
                Duration quiet = p99OfTheHealthy(load(gateway, batches));
                simulator.account(key(0)).always(illness.getValue());
                List<Call> calls = load(gateway, batches);
                simulator.account(key(0)).always(Fault.none());
                Duration ill = p99OfTheHealthy(calls);

                double ratio = (double) ill.toNanos() / quiet.toNanos();
                System.out.printf(
                        "ISOLATION %s for %d s: the others' p99 %.1f ms, quiet %.1f ms, ratio %.2f;"
                                + " the ill tenant %s%n",
                        illness.getKey(), SECONDS, ill.toNanos() / 1e6, quiet.toNanos() / 1e6, ratio, statuses(calls));
                assertThat(calls).filteredOn(call -> call.tenant() != 0).allMatch(call -> call.status() == 202);
                assertThat(calls).filteredOn(call -> call.tenant() == 0).isNotEmpty();
                if (SECONDS >= LONG_ENOUGH_FOR_P99) {
                    assertThat(ratio).as(illness.getKey()).isLessThanOrEqualTo(1.5);
                }
            }
            assertThat(opened).hasValue(0);
        }
    }

    private static Map<Integer, Integer> statuses(List<Call> calls) {
        Map<Integer, Integer> statuses = new TreeMap<>();
        calls.stream()
                .filter(call -> call.tenant() == 0)
                .forEach(call -> statuses.merge(call.status(), 1, Integer::sum));
        return statuses;
    }

    private static Duration p99OfTheHealthy(List<Call> calls) {
        List<Duration> took = calls.stream()
                .filter(call -> call.tenant() != 0)
                .map(Call::took)
                .sorted()
                .toList();
        return took.get(took.size() * 99 / 100);
    }

    /** Every tenant calls once in each {@link #PACE}, whether earlier calls are back or not. */
    private List<Call> load(TestGateway.InProcess gateway, List<String> batches) throws Exception {
        ConcurrentLinkedQueue<Future<Call>> calls = new ConcurrentLinkedQueue<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
                ScheduledExecutorService pacer = Executors.newScheduledThreadPool(1)) {
            for (int i = 0; i < TENANTS; i++) {
                int tenant = i;
                pacer.scheduleAtFixedRate(
                        () -> calls.add(threads.submit(() -> cancel(gateway, tenant, batches.get(tenant)))),
                        PACE.toMillis() * tenant / TENANTS,
                        PACE.toMillis(),
                        TimeUnit.MILLISECONDS);
            }
            pacer.schedule(pacer::shutdownNow, SECONDS, TimeUnit.SECONDS);
            assertThat(pacer.awaitTermination(SECONDS + 10L, TimeUnit.SECONDS)).isTrue();
        }
        List<Call> done = new ArrayList<>();
        for (Future<Call> call : calls) {
            done.add(call.get());
        }
        return done;
    }

    private static Call cancel(TestGateway gateway, int tenant, String batch) {
        long start = System.nanoTime();
        int status = gateway.cancel(batch, "X-Tenant-Id", "tenant-" + tenant).status();
        return new Call(tenant, status, Duration.ofNanos(System.nanoTime() - start));
    }

    private static String key(int tenant) {
        return "tlk_tenant_" + tenant;
    }

    private static TestGateway.InProcess start(TwelveLabsSimulator simulator) {
        TestGateway.Builder gateway = TestGateway.bare()
                .upstream(simulator)
                .with("logging.level.io.cancelgateway", "warn")
                .with("gateway.callers.ops.token-sha256", Sha256.hex(TestGateway.TOKEN))
                .with("gateway.callers.ops.tenants", "*");
        for (int tenant = 0; tenant < TENANTS; tenant++) {
            gateway.with("gateway.tenants.tenant-" + tenant + ".api-key", key(tenant));
        }
        return gateway.start();
    }
}
