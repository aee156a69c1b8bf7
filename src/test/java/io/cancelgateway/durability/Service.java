package io.cancelgateway.durability;

import static org.awaitility.Awaitility.await;

import io.cancelgateway.support.Reply;
import io.cancelgateway.support.TestGateway;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/** Sends each request to one of the replicas that take requests, as a Kubernetes Service does. */
final class Service {

    /** By then a request has reached its replica. */
    private static final Duration ARRIVED = Duration.ofSeconds(1);

    private record UnderWay(TestGateway replica, long since) {}

    private final List<TestGateway> replicas = new CopyOnWriteArrayList<>();
    private final Map<Object, UnderWay> underWay = new ConcurrentHashMap<>();

    void add(TestGateway replica) {
        replicas.add(replica);
    }

    /** Sends it nothing more. Returns when all that was sent has arrived there: then it may be stopped. */
    void remove(TestGateway replica) {
        replicas.remove(replica);
        await().until(() -> underWay.values().stream()
                .filter(request -> request.replica() == replica)
                .allMatch(request -> System.nanoTime() - request.since() > ARRIVED.toNanos()));
    }

    Reply send(RandomGenerator random, Function<TestGateway, Reply> request) {
        List<TestGateway> choice = List.copyOf(replicas);
        TestGateway replica = choice.get(random.nextInt(choice.size()));
        Object key = new Object();
        underWay.put(key, new UnderWay(replica, System.nanoTime()));
        try {
            return request.apply(replica);
        } finally {
            underWay.remove(key);
        }
    }
}
