package io.cancelgateway.cancellation;

import io.cancelgateway.ledger.Change;
import io.cancelgateway.ledger.Effect;
import io.cancelgateway.ledger.Intent;
import io.cancelgateway.ledger.LedgerAvailability;
import io.cancelgateway.ledger.LedgerTimeoutException;
import io.cancelgateway.ledger.LedgerWriter;
import io.cancelgateway.ledger.OpenedRequest;
import io.cancelgateway.ledger.PendingWrite;
import io.cancelgateway.platform.Sleeper;
import io.cancelgateway.problem.Problems;
import io.cancelgateway.twelvelabs.CancelResult;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * Writes down what was answered while the ledger was down, as soon as the ledger is back. The queue
 * lives in memory: what a crash swallows of it is only in the log. Safe for use by many threads.
 */
@Component
class PostponedWrites implements SmartLifecycle {

    private static final Logger log = LoggerFactory.getLogger(PostponedWrites.class);

    private static final int MAX_WAITING = 10_000;

    /** Longer than any statement may take. */
    private static final Duration MAX_WAIT_FOR_COMMIT = Duration.ofSeconds(20);

    /** As many as the ledger commits at once. */
    private static final int MAX_AT_ONCE = 100;

    private static final Duration BETWEEN_TRIES = Duration.ofSeconds(1);

    /** How long a stop of the gateway waits for the queue to become empty. */
    static final Duration MAX_WAIT_AT_STOP = Duration.ofSeconds(5);

    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(50);

    private final LedgerWriter writer;
    private final LedgerAvailability availability;
    private final Recorder recorder;
    private final Lifecycle lifecycle;
    private final Sleeper sleeper;
    private final Clock clock;
    private final BlockingQueue<Postponed> waiting = new LinkedBlockingQueue<>();

    /** How many are not written yet, the one that is being written included. */
    private final AtomicInteger left = new AtomicInteger();

    private volatile @Nullable Thread thread;

    PostponedWrites(
            LedgerWriter writer,
            LedgerAvailability availability,
            Recorder recorder,
            Lifecycle lifecycle,
            Sleeper sleeper,
            Clock clock) {
        this.writer = writer;
        this.availability = availability;
        this.recorder = recorder;
        this.lifecycle = lifecycle;
        this.sleeper = sleeper;
        this.clock = clock;
    }

    private sealed interface Postponed {

        /** Neither the request nor its result is known to be recorded. */
        record Request(Intent intent, CancelResult result, Instant answeredAt) implements Postponed {}

        /** The request is recorded, its result not for certain. */
        record Result(Change change) implements Postponed {}
    }

    /** Adds a request whose intent was not recorded, with its result, which is as of now. */
    void add(Intent intent, CancelResult result) {
        add(new Postponed.Request(intent, result, clock.instant()));
    }

    /** Adds the result of a request that is recorded. */
    void add(Change change) {
        add(new Postponed.Result(change));
    }

    private void add(Postponed postponed) {
        if (left.incrementAndGet() <= MAX_WAITING) {
            waiting.add(postponed);
        } else {
            left.decrementAndGet();
            log.error(
                    "{} answers wait for the ledger already; this one will not be recorded: {}",
                    MAX_WAITING,
                    postponed);
        }
    }

    private void writeAll() {
        List<Postponed> taken = new ArrayList<>();
        try {
            while (true) {
                taken.add(waiting.take());
                waiting.drainTo(taken, MAX_AT_ONCE - 1);
                List<Postponed> unwritten = availability.available() ? write(taken) : List.copyOf(taken);
                left.addAndGet(unwritten.size() - taken.size());
                taken.clear();
                if (!unwritten.isEmpty()) {
                    // behind the others: they may be the only ones that cannot be written now
                    waiting.addAll(unwritten);
                    sleeper.sleep(BETWEEN_TRIES);
                }
            }
        } catch (InterruptedException e) {
            // the gateway stops
        }
    }

    /**
     * Writes them together, first the requests, then their results. Each write can be repeated: the ledger knows the
     * requests.
     *
     * @return those that could not be written yet
     */
    private List<Postponed> write(List<Postponed> postponed) {
        Map<Postponed, PendingWrite<OpenedRequest>> requests = new LinkedHashMap<>();
        Map<Postponed, PendingWrite<Effect>> results = new LinkedHashMap<>();
        List<Postponed> unwritten = new ArrayList<>();
        for (Postponed next : postponed) {
            switch (next) {
                case Postponed.Request request -> requests.put(next, writer.openAgain(request.intent()));
                case Postponed.Result(Change change) -> results.put(next, recorder.begin(change));
            }
        }
        requests.forEach((next, write) -> ended(next, write, unwritten).ifPresent(opened -> {
            if (next instanceof Postponed.Request(Intent _, CancelResult result, Instant answeredAt)) {
                results.put(next, recorder.begin(lifecycle.answered(opened, result, answeredAt)));
            }
        }));
        results.forEach((next, write) -> ended(next, write, unwritten));
        return unwritten;
    }

    /** What the write returned; empty if it failed. Then it is added to the unwritten, unless it would always fail. */
    private <T> Optional<T> ended(Postponed next, PendingWrite<T> write, List<Postponed> unwritten) {
        try {
            return Optional.of(write.await(MAX_WAIT_FOR_COMMIT));
        } catch (LedgerTimeoutException e) {
            unwritten.add(next);
        } catch (RuntimeException | Error e) {
            if (Problems.isLedgerFailure(e)) {
                log.debug("The ledger does not take an answer yet: {}", e.toString());
                unwritten.add(next);
            } else {
                log.error("An answer cannot be recorded: {}", next, e);
            }
        }
        return Optional.empty();
    }

    @Override
    public void start() {
        thread = Thread.ofVirtual().name("postponed-writes").start(this::writeAll);
    }

    /** Called when no request is under way any more, and before the database is closed. */
    @Override
    public void stop() {
        for (Duration waited = Duration.ZERO;
                left.get() > 0 && waited.compareTo(MAX_WAIT_AT_STOP) < 0;
                waited = waited.plus(BETWEEN_LOOKS)) {
            LockSupport.parkNanos(BETWEEN_LOOKS.toNanos());
        }
        Thread stopped = thread;
        if (stopped != null) {
            // safe: this thread only waits for others, which use the database
            stopped.interrupt();
            thread = null;
        }
        if (left.get() > 0) {
            log.error("The gateway stops; {} answers will not be recorded, because the ledger is down", left.get());
        }
    }

    @Override
    public boolean isRunning() {
        return thread != null;
    }

    /** Stops after the web server, whose requests add to the queue. */
    @Override
    public int getPhase() {
        return WebServerApplicationContext.START_STOP_LIFECYCLE_PHASE - 1024;
    }
}
