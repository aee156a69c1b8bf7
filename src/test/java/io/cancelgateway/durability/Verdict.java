package io.cancelgateway.durability;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;

import io.cancelgateway.durability.Books.Items;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What must be true at the end of a chaos run, when every batch is at its end. It knows what the clients were answered
 * and what the simulator saw, and reads the ledger's tables; it shares no code with the gateway.
 *
 * <p>One thing may be lost: a cancel that was forwarded while the ledger was down, and whose replica was killed before
 * the ledger had been back for some time. Such a batch is excused, and counted here, so that a run cannot pass by
 * excusing everything.
 */
final class Verdict {

    private static final Pattern CANCEL = Pattern.compile(".*/batches/([0-9a-f]{24})/cancel");

    private final Collection<Asked> asked;
    private final Map<String, SimulatedBatch> batches = new HashMap<>();
    private final Map<String, Long> cancelsSeen = new HashMap<>();
    private final Set<String> runningWhenDelivered;
    private final Outages outages;
    private final Books books;
    private final List<String> wrong = new ArrayList<>();
    private final Set<String> excused = new TreeSet<>();
    private int excusedAndLost;
    private int counted;

    private record Row(String state, Items counts, int attempts) {}

    private record Audit(String batch, String reason) {}

    /** @param runningWhenDelivered batches that still ran when all that was accepted should have been delivered */
    Verdict(
            Collection<Asked> asked,
            Collection<SimulatedBatch> all,
            TwelveLabsSimulator simulator,
            Set<String> runningWhenDelivered,
            Outages outages,
            Books books) {
        this.asked = asked;
        this.runningWhenDelivered = runningWhenDelivered;
        this.outages = outages;
        this.books = books;
        all.forEach(batch -> batches.put(batch.id(), batch));
        simulator.requests(Operation.CANCEL).forEach(request -> {
            Matcher path = CANCEL.matcher(request.uri());
            if (path.matches()) {
                cancelsSeen.merge(path.group(1), 1L, Long::sum);
            }
        });
        judge();
    }

    /** What is not as it must be; empty if all is well. */
    List<String> wrong() {
        return wrong;
    }

    /** How many batches may be missing in the ledger, how many are, and how many are counted. */
    String figures() {
        return "%d batches counted, %d excused, of which %d are in no total"
                .formatted(counted, excused.size(), excusedAndLost);
    }

    int counted() {
        return counted;
    }

    int excused() {
        return excused.size();
    }

    int excusedAndLost() {
        return excusedAndLost;
    }

    private void judge() {
        Map<String, Row> rows = rows();
        Map<String, List<Asked>> byBatch = new HashMap<>();
        asked.forEach(request -> request.batches()
                .forEach(batch ->
                        byBatch.computeIfAbsent(batch, _ -> new ArrayList<>()).add(request)));
        batches.forEach((id, batch) ->
                judge(id, batch.status(Instant.now()), rows.get(id), byBatch.getOrDefault(id, List.of())));
        rows.forEach((id, row) -> {
            if (!batches.containsKey(id)
                    && !row.state().equals("not_found")
                    && !row.state().equals("failed")
                    && !row.state().equals("rejected")) {
                wrong.add("a batch that does not exist, %s, is %s".formatted(id, row.state()));
            }
        });
        judgeTotals(rows);
        judgeAuditTrail();
    }

    private void judge(String id, String status, Row row, List<Asked> requests) {
        boolean mayBeLost = requests.isEmpty()
                ? asked.stream().anyMatch(this::swallowedWithoutATrace)
                : requests.stream().anyMatch(this::swallowed);
        boolean queued = requests.stream().anyMatch(request -> request.queued(id));
        if (mayBeLost) {
            excused.add(id);
        }
        if (queued && runningWhenDelivered.contains(id)) {
            wrong.add("accepted, but not delivered: " + describe(id, status, row, requests));
        }
        switch (status) {
            case "canceled" -> {
                boolean isCounted = row != null && row.state().equals("canceled") && row.counts() != null;
                if (isCounted) {
                    counted++;
                    if (!row.counts().equals(Items.of(List.of(batches.get(id))))) {
                        wrong.add("other counts than the upstream's: " + describe(id, status, row, requests));
                    }
                } else if (mayBeLost) {
                    excusedAndLost++;
                } else {
                    wrong.add("canceled, but not counted: " + describe(id, status, row, requests));
                }
            }
            case "completed" -> {
                // a synchronous cancel may have failed, and a client may have been told so
                Set<String> allowed = queued ? Set.of("completed") : Set.of("completed", "failed", "rejected");
                if (row == null ? queued : !allowed.contains(row.state())) {
                    wrong.add("completed, but recorded otherwise: " + describe(id, status, row, requests));
                }
            }
            default -> wrong.add("not at its end: " + describe(id, status, row, requests));
        }
        long seen = cancelsSeen.getOrDefault(id, 0L);
        if (row != null && row.attempts() > seen && !queued && requests.stream().allMatch(Verdict::quick)) {
            wrong.add(
                    "more attempts than the upstream saw, %d: %s".formatted(seen, describe(id, status, row, requests)));
        }
    }

    /** None of its attempts timed out: one that does counts as sent, though it may not have reached the upstream. */
    private static boolean quick(Asked request) {
        return request.reply() != null
                && request.answeredAt() - request.sentAt() < ChaosIT.ATTEMPT_TIMEOUT.toNanos() * 9 / 10;
    }

    /**
     * Whether all that is known of this request may have died with its replica: it was forwarded unrecorded, or nobody
     * can tell, because it got no answer and the ledger was not well.
     */
    private boolean swallowed(Asked request) {
        if (!request.life().killed()) {
            return false;
        }
        long killedAt = request.life().killedAt();
        return request.reply() == null
                ? killedAt > request.sentAt() && outages.touched(request.sentAt(), request.answeredAt())
                : request.unrecorded() && !outages.settledBetween(request.answeredAt(), killedAt);
    }

    /** Nobody knows which batches it canceled. */
    private boolean swallowedWithoutATrace(Asked request) {
        return request.kind() == Asked.Kind.ALL_ACTIVE && request.reply() == null && swallowed(request);
    }

    private void judgeTotals(Map<String, Row> rows) {
        Items sum = rows.values().stream()
                .filter(row -> row.state().equals("canceled") && row.counts() != null)
                .map(Row::counts)
                .reduce(Items.NONE, Items::plus);
        if (!books.totals().equals(sum)) {
            wrong.add("the totals are %s, the sum of the records %s".formatted(books.totals(), sum));
        }
    }

    /** Every request that the upstream answered is in the audit trail once, and none is twice. */
    private void judgeAuditTrail() {
        Map<Audit, Long> trail = new HashMap<>();
        List<Audit> rows = new ArrayList<>();
        books.query(
                "SELECT c.batch_id, r.reason FROM cancellation_request r"
                        + " JOIN cancellation c ON c.id = r.cancellation_id",
                row -> rows.add(new Audit(row.getString(1), row.getString(2))));
        trail.putAll(rows.stream().collect(groupingBy(row -> row, counting())));
        for (Asked request : asked) {
            for (String batch : request.batches()) {
                long found = trail.getOrDefault(new Audit(batch, request.reason()), 0L);
                boolean mustBe = (request.byUpstream(batch) || request.queued(batch)) && !swallowed(request);
                if (found > 1 || found == 0 && mustBe) {
                    wrong.add("%d times in the audit trail: %s".formatted(found, describe(request)));
                }
            }
        }
    }

    private Map<String, Row> rows() {
        Map<String, Row> rows = new HashMap<>();
        books.query(
                "SELECT batch_id, state, attempts, final_canceled_items, final_ready_items, final_failed_items"
                        + " FROM cancellation",
                row -> {
                    long canceled = row.getLong(4);
                    Items counts = row.wasNull() ? null : new Items(canceled, row.getLong(5), row.getLong(6));
                    rows.put(row.getString(1), new Row(row.getString(2), counts, row.getInt(3)));
                });
        return rows;
    }

    private String describe(String id, String status, Row row, List<Asked> requests) {
        return "batch %s is %s upstream, recorded as %s; asked by %s"
                .formatted(
                        id, status, row, requests.stream().map(this::describe).toList());
    }

    private String describe(Asked request) {
        return "%d %s at %d ms for %d ms: %s%s %s%s"
                .formatted(
                        request.number(),
                        request.kind(),
                        request.sentAt() / 1_000_000 % 10_000_000,
                        (request.answeredAt() - request.sentAt()) / 1_000_000,
                        request.reply() == null ? "no answer" : request.reply().status(),
                        request.unrecorded() ? " unrecorded" : "",
                        request.outcomes(),
                        request.life().killed()
                                ? ", killed at " + request.life().killedAt() / 1_000_000 % 10_000_000
                                : "");
    }
}
