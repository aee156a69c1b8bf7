package io.cancelgateway.simulator;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A batch and the life of its items. Safe for use by many threads. */
public final class SimulatedBatch {

    private enum Item {
        QUEUED,
        PROCESSING,
        READY,
        FAILED,
        CANCELED
    }

    private static final Duration LIFE = Duration.ofHours(24);

    private final String id;
    private final String analysisMode;
    private final Instant createdAt;
    private final int concurrency;
    private final Duration itemDuration;
    private final List<Item> items = new ArrayList<>();
    private final List<Instant> finishes = new ArrayList<>();
    private boolean canceled;
    private Instant canceledAt;
    private Instant completedAt;
    private Instant expiredAt;

    SimulatedBatch(
            String id, String analysisMode, int items, int concurrency, Duration itemDuration, Instant createdAt) {
        this.id = id;
        this.analysisMode = analysisMode;
        this.concurrency = concurrency;
        this.itemDuration = itemDuration;
        this.createdAt = createdAt.truncatedTo(ChronoUnit.SECONDS);
        for (int i = 0; i < items; i++) {
            this.items.add(Item.QUEUED);
            this.finishes.add(Instant.MAX);
        }
        fillSlots(createdAt);
    }

    public String id() {
        return id;
    }

    String analysisMode() {
        return analysisMode;
    }

    /** Lets time pass: items in process end, others start, and after 24 h what is not done is cut off. */
    private void advance(Instant now) {
        Instant expiry = createdAt.plus(LIFE);
        Instant until = now.isBefore(expiry) ? now : expiry;
        for (Instant next = nextFinish(); !next.isAfter(until); next = nextFinish()) {
            items.set(finishes.indexOf(next), Item.READY);
            finishes.set(finishes.indexOf(next), Instant.MAX);
            fillSlots(next);
            endAt(next);
        }
        if (!now.isBefore(expiry) && !done()) {
            items.replaceAll(item -> item == Item.QUEUED || item == Item.PROCESSING ? Item.CANCELED : item);
            finishes.replaceAll(finish -> Instant.MAX);
            expiredAt = expiry;
        }
    }

    private Instant nextFinish() {
        return finishes.stream().min(Instant::compareTo).orElse(Instant.MAX);
    }

    private void fillSlots(Instant now) {
        while (!canceled && count(Item.PROCESSING) < concurrency && items.contains(Item.QUEUED)) {
            int next = items.indexOf(Item.QUEUED);
            items.set(next, Item.PROCESSING);
            finishes.set(next, now.plus(itemDuration));
        }
    }

    private void endAt(Instant now) {
        if (done() && completedAt == null && canceledAt == null && expiredAt == null) {
            if (canceled) {
                canceledAt = now;
            } else {
                completedAt = now;
            }
        }
    }

    private boolean done() {
        return count(Item.QUEUED) == 0 && count(Item.PROCESSING) == 0;
    }

    /** Cancels what is queued; the reason for a 409 where that is too late. */
    synchronized String cancel(Instant now) {
        advance(now);
        switch (status()) {
            case "completed", "canceled", "expired" -> {
                return "batch_" + status();
            }
            default -> {
                canceled = true;
                items.replaceAll(item -> item == Item.QUEUED ? Item.CANCELED : item);
                endAt(now);
                return "";
            }
        }
    }

    /** Cancels it as somebody else would. */
    public void cancelNow(Instant now) {
        cancel(now);
    }

    /** Lets one item in process fail now. */
    public synchronized void failOne(Instant now) {
        advance(now);
        int item = items.indexOf(Item.PROCESSING);
        items.set(item, Item.FAILED);
        finishes.set(item, Instant.MAX);
        fillSlots(now);
        endAt(now);
    }

    /** Ends every item in process now, as if its time had come. */
    public synchronized void drain(Instant now) {
        advance(now);
        for (int i = 0; i < items.size(); i++) {
            if (items.get(i) == Item.PROCESSING) {
                items.set(i, Item.READY);
                finishes.set(i, Instant.MAX);
            }
        }
        fillSlots(now);
        endAt(now);
    }

    public synchronized String status(Instant now) {
        advance(now);
        return status();
    }

    private String status() {
        if (expiredAt != null) {
            return "expired";
        }
        if (canceledAt != null) {
            return "canceled";
        }
        if (completedAt != null) {
            return "completed";
        }
        if (canceled) {
            return "canceling";
        }
        return concurrency == 0 ? "pending" : "processing";
    }

    /** The batch object as the API shows it. */
    public synchronized Map<String, Object> json(Instant now) {
        advance(now);
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("batch_id", id);
        json.put("analysis_mode", analysisMode);
        json.put("model_name", "pegasus1.5");
        json.put("status", status());
        json.put("total_items", items.size());
        json.put("created_at", createdAt.toString());
        json.put("expires_at", createdAt.plus(LIFE).toString());
        json.put("queued_items", count(Item.QUEUED));
        json.put("processing_items", count(Item.PROCESSING));
        json.put("ready_items", count(Item.READY));
        json.put("failed_items", count(Item.FAILED));
        json.put("canceled_items", count(Item.CANCELED));
        putTime(json, "completed_at", completedAt);
        putTime(json, "canceled_at", canceledAt);
        putTime(json, "expired_at", expiredAt);
        return json;
    }

    private static void putTime(Map<String, Object> json, String field, Instant time) {
        if (time != null) {
            json.put(field, time.truncatedTo(ChronoUnit.SECONDS).toString());
        }
    }

    private int count(Item state) {
        return (int) items.stream().filter(item -> item == state).count();
    }
}
