package io.cancelgateway.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.TestGateway;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import tools.jackson.databind.json.JsonMapper;

/**
 * Cancels new batches at a steady pace, many of them more than once, and lets each come to its end.
 */
final class Load implements AutoCloseable {

    static final int QUEUED = 7;

    /** Fewer than a tenant has permits. A gateway that has just started is slow. */
    private static final int AT_A_TIME = 8;

    private static final List<Fault> AMBIGUOUS = List.of(Fault.resetAfter(), Fault.truncated(), Fault.hangAfter());

    /** Lets some cancels take effect without an answer. */
    static void answerSomeAmbiguously(TwelveLabsSimulator simulator) {
        simulator.always(Operation.CANCEL, () -> {
            ThreadLocalRandom random = ThreadLocalRandom.current();
            return random.nextInt(20) == 0 ? AMBIGUOUS.get(random.nextInt(AMBIGUOUS.size())) : Fault.none();
        });
    }

    /** What a caller was answered, and what became of the batch by then. The status is 0 where there was no answer. */
    record Answered(String batch, int status, String text, String batchStatus) {

        /** Of an error. */
        String code() {
            return JsonMapper.shared().readTree(text).at("/error/code").asString("none");
        }
    }

    private final TwelveLabsSimulator.Account account;
    private final Service service;
    private final List<String> preferences;
    private final RandomGenerator random = () -> ThreadLocalRandom.current().nextLong();
    private final Queue<SimulatedBatch> batches = new ConcurrentLinkedQueue<>();
    private final Queue<Answered> answers = new ConcurrentLinkedQueue<>();
    private final Queue<Future<?>> work = new ConcurrentLinkedQueue<>();
    private final ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
    private final Semaphore free = new Semaphore(AT_A_TIME);
    private final ScheduledExecutorService pacer = Executors.newSingleThreadScheduledExecutor();

    /**
     * Begins at once.
     *
     * @param preferences what a cancel may have as its {@code Prefer}, one of them each time; empty for none
     */
    Load(TwelveLabsSimulator simulator, Service service, Duration pace, List<String> preferences) {
        this.preferences = preferences;
        this.account = simulator.account(TestGateway.KEY);
        this.service = service;
        pacer.scheduleAtFixedRate(() -> work.add(callers.submit(this::one)), 0, pace.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void one() {
        try {
            cancelAndDrain();
        } finally {
            free.release();
        }
    }

    private void cancelAndDrain() {
        SimulatedBatch batch = account.createBatch(QUEUED + 1, 1, Duration.ofHours(1));
        batches.add(batch);
        if (random.nextInt(3) == 0) {
            work.add(callers.submit(() -> cancel(batch)));
        }
        cancel(batch);
        if (random.nextInt(3) == 0) {
            cancel(batch);
        }
        batch.drain(Instant.now());
        if (random.nextInt(10) == 0) {
            cancel(batch);
        }
    }

    private void cancel(SimulatedBatch batch) {
        Answered answered;
        try {
            String preference = preferences.get(random.nextInt(preferences.size()));
            String[] headers = preference.isEmpty() ? new String[0] : new String[] {"Prefer", preference};
            Reply reply = service.send(random, replica -> replica.cancel(batch.id(), headers));
            answered = new Answered(batch.id(), reply.status(), reply.text(), batch.status(Instant.now()));
        } catch (UncheckedIOException e) {
            answered = new Answered(batch.id(), 0, "{\"error\":{\"code\":\"%s\"}}".formatted(e), "");
        }
        answers.add(answered);
    }

    /** Every batch so far. */
    Collection<SimulatedBatch> batches() {
        return batches;
    }

    int answered() {
        return answers.size();
    }

    /** Stops, waits for every caller and every delivery, and lets every batch end. */
    @Override
    public void close() throws InterruptedException, ExecutionException {
        pacer.shutdownNow();
        assertThat(pacer.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
        for (Future<?> future; (future = work.poll()) != null; ) {
            future.get();
        }
        callers.close();
        awaitDeliveries();
        for (int item = 0; item <= QUEUED; item++) {
            batches.forEach(batch -> batch.drain(Instant.now()));
        }
    }

    private void awaitDeliveries() {
        Set<String> accepted = answers.stream()
                .filter(answer -> answer.status() == 202)
                .map(Answered::batch)
                .collect(Collectors.toSet());
        await().atMost(Duration.ofMinutes(1))
                .untilAsserted(() -> assertThat(batches)
                        .filteredOn(batch -> accepted.contains(batch.id()))
                        .noneMatch(batch -> batch.status(Instant.now()).equals("processing")));
    }

    /** What was no success, but for cancels of batches that had been canceled. */
    List<Answered> failures() {
        return answers.stream()
                .filter(answer -> !(answer.status() == 202
                        || answer.status() == 200
                        || answer.status() == 409
                                && answer.text().contains("batch_canceled")
                                && answer.batchStatus().equals("canceled")))
                .toList();
    }

    @Override
    public String toString() {
        return batches.size() + " batches, answers "
                + answers.stream().collect(Collectors.groupingBy(Answered::status, TreeMap::new, Collectors.counting()))
                + ", failures "
                + failures().stream()
                        .collect(Collectors.groupingBy(Answered::code, TreeMap::new, Collectors.counting()));
    }
}
