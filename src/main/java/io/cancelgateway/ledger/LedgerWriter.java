package io.cancelgateway.ledger;

import io.cancelgateway.ledger.GroupStatements.Acceptance;
import io.cancelgateway.ledger.GroupStatements.Opening;
import io.cancelgateway.ledger.GroupStatements.Written;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes intents and changes for callers who bound their wait for the commit. One thread takes what is queued, and
 * commits it as one group: alone where little is going on, more at once under load. What may wait for a lock is written
 * outside of the groups, by {@link SingleWrites}. Safe for use by many threads.
 */
public class LedgerWriter implements AutoCloseable {

    /** How many writes may be under way. Without a database they would come to more and more. */
    static final int MAX_UNDER_WAY = 2000;

    /** How many writes a group has at most. */
    static final int MAX_GROUP = 100;

    private static final Logger log = LoggerFactory.getLogger(LedgerWriter.class);

    private static final Duration MAX_WAIT_AT_CLOSE = Duration.ofSeconds(5);

    /** In the order of the unique index. */
    private static final Comparator<CancellationKey> ORDER = Comparator.comparing(CancellationKey::batchId)
            .thenComparing(key -> key.tenant().value());

    private final Ledger ledger;
    private final ChangeWriter changes;
    private final LedgerTransactions transactions;
    private final GroupStatements groups;
    private final SingleWrites singles;

    /** One permit for each write that may come. */
    private final Semaphore room = new Semaphore(MAX_UNDER_WAY);

    private final BlockingQueue<QueuedWrite<?>> queue = new LinkedBlockingQueue<>();
    private final Thread thread;
    private volatile boolean closed;

    /** @param maxSingles how many writes that are not in a group may run at once, and how many connections they use */
    LedgerWriter(
            Ledger ledger,
            ChangeWriter changes,
            LedgerTransactions transactions,
            GroupStatements groups,
            int maxSingles) {
        this.ledger = ledger;
        this.changes = changes;
        this.transactions = transactions;
        this.groups = groups;
        this.singles = new SingleWrites(transactions, groups::limitLockWait, maxSingles, _ -> room.release());
        // virtual, so that requests that are about to write come before its next turn
        thread = Thread.ofVirtual().name("ledger-writer").start(this::run);
    }

    /** Records a request, as {@link Ledger#open} does. Does not block. */
    public PendingWrite<OpenedRequest> open(Intent intent) {
        return queue(new QueuedWrite.OfIntent(new Opening(intent, false), () -> ledger.open(intent)));
    }

    /** Records a request that may be recorded already, as {@link Ledger#openAgain} does. Does not block. */
    public PendingWrite<OpenedRequest> openAgain(Intent intent) {
        return queue(new QueuedWrite.OfIntent(new Opening(intent, true), () -> ledger.openAgain(intent)));
    }

    /** Writes a change, as {@link ChangeWriter#write} does. Does not block. */
    public PendingWrite<Effect> write(Change change) {
        return queue(new QueuedWrite.OfChange(change, () -> changes.write(change)));
    }

    private <T> PendingWrite<T> queue(QueuedWrite<T> write) {
        if (closed || !room.tryAcquire()) {
            write.failed(new LedgerBusyException("Too many writes wait for the ledger, or it is closed"));
        } else if (!write.mayBeGrouped()) {
            singles.add(write);
        } else if (!singles.addBehind(write)) {
            queue.add(write);
        }
        return write.pending();
    }

    private void run() {
        List<QueuedWrite<?>> taken = new ArrayList<>();
        while (!closed || !queue.isEmpty()) {
            try {
                taken.add(queue.take());
            } catch (InterruptedException e) {
                return; // closed, and there is nothing left to write
            }
            Thread.yield(); // requests that are ready to run write along
            queue.drainTo(taken, MAX_GROUP - 1);
            try {
                write(taken);
            } catch (RuntimeException | Error e) {
                log.error("A group could not be written; the next one is tried", e);
                taken.forEach(write -> write.failed(e));
            }
            taken.clear();
        }
    }

    private void write(List<QueuedWrite<?>> taken) {
        Map<CancellationKey, QueuedWrite<?>> group = new TreeMap<>(ORDER);
        List<QueuedWrite<?>> later = new ArrayList<>();
        for (QueuedWrite<?> write : taken) {
            if (group.putIfAbsent(write.key(), write) != null) {
                later.add(write); // it sees what the group does to its record
            }
        }
        group.values().removeIf(singles::addBehind);
        writeGroup(group.values());
        later.forEach(singles::add);
    }

    private void writeGroup(Collection<QueuedWrite<?>> group) {
        if (group.isEmpty()) {
            return;
        }
        List<Opening> openings = new ArrayList<>();
        List<Acceptance> acceptances = new ArrayList<>();
        group.forEach(write -> write.addTo(openings, acceptances));
        Written written;
        try {
            written = transactions.timed(() -> groups.write(openings, acceptances));
        } catch (RuntimeException | Error e) {
            if (LedgerTransactions.isAboutRows(e)) {
                log.debug("One of {} writes has to be committed by itself, so all are", group.size());
                group.forEach(singles::add);
            } else {
                // not one by one: each would take its time to fail. And the commit may have got no answer
                group.forEach(write -> write.failed(e));
                room.release(group.size());
            }
            return;
        }
        for (QueuedWrite<?> write : group) {
            if (write.end(written)) {
                room.release();
            } else {
                singles.add(write);
            }
        }
    }

    /** Waits for what is queued, 5 s at most. Writes that come now fail. */
    @Override
    public void close() {
        closed = true;
        try {
            if (room.tryAcquire(MAX_UNDER_WAY, MAX_WAIT_AT_CLOSE.toMillis(), TimeUnit.MILLISECONDS)) {
                thread.interrupt(); // it waits for the next write
            } else {
                log.warn(
                        "{} writes to the ledger are not committed yet; they may be lost",
                        MAX_UNDER_WAY - room.availablePermits());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
