package io.cancelgateway.twelvelabs;

import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;
import java.util.Set;
import java.util.function.Function;

/**
 * Finds the batches of an account that run, through all pages of its list. The list moves between two pages: new
 * batches push the older ones towards its end, which shows some twice. A batch that ends pulls the older ones forward,
 * and one of them may slip from the next page to the one that was just read. So the list is read again where that may
 * have happened.
 */
final class ActiveBatchSearch {

    private static final List<String> ACTIVE = List.of("pending", "processing");

    /** The most that the upstream allows (TwelveLabs API reference). */
    private static final int PAGE_LIMIT = 50;

    /** A list that is longer than this does not end: an account has at most 5 active batches. */
    private static final int MAX_PAGES = 100;

    /** Where batches end all the time. A batch that is still missing then has slipped through each reading. */
    private static final int MAX_READINGS = 3;

    private final Function<BatchQuery, Listing> list;

    /** @param list gets a page */
    ActiveBatchSearch(Function<BatchQuery, Listing> list) {
        this.list = list;
    }

    ActiveBatches run() {
        SequencedSet<BatchId> all = new LinkedHashSet<>();
        Set<BatchId> before = Set.of();
        for (int reading = 1; reading <= MAX_READINGS; reading++) {
            switch (read()) {
                case Reading.Failed(Answer answer) -> {
                    return new ActiveBatches.Failed(answer);
                }
                case Reading.Complete(SequencedSet<BatchId> active, boolean onePage) -> {
                    // none of those that the reading before showed has ended since it began: so it missed none, and
                    // this one shows all of them
                    boolean nothingEnded = reading > 1 && active.containsAll(before);
                    // one page is one moment
                    if (onePage || nothingEnded) {
                        return new ActiveBatches.Found(List.copyOf(active));
                    }
                    before = active;
                    all.addAll(active);
                }
            }
        }
        return new ActiveBatches.Found(List.copyOf(all));
    }

    /** Reads all pages once. */
    private Reading read() {
        SequencedSet<BatchId> active = new LinkedHashSet<>();
        Set<BatchId> shown = new HashSet<>();
        for (int page = 1; page <= MAX_PAGES; page++) {
            switch (list.apply(query(page))) {
                case Listing.Failed(Answer answer) -> {
                    return new Reading.Failed(answer);
                }
                case Listing.Page(BatchPage found) -> {
                    int before = shown.size();
                    for (BatchPage.Entry entry : found.entries()) {
                        BatchId batch = entry.batch();
                        String status = entry.status();
                        if (batch == null || status == null) {
                            return nonsense("a batch in its list has no id or no status");
                        }
                        shown.add(batch);
                        if (ACTIVE.contains(status)) {
                            active.add(batch);
                        }
                    }
                    // beyond the end there is nothing new
                    if (shown.size() == before || isLast(page, found)) {
                        return new Reading.Complete(active, page == 1);
                    }
                }
            }
        }
        return nonsense("its list of batches does not end");
    }

    private static BatchQuery query(int page) {
        return new BatchQuery(Integer.toString(page), Integer.toString(PAGE_LIMIT), ACTIVE, List.of());
    }

    /** Whether the page says so itself. A full page is not believed: asking for one more costs little. */
    private static boolean isLast(int page, BatchPage found) {
        Integer pages = found.totalPages();
        return pages != null && pages > 0 && page >= pages && found.entries().size() < PAGE_LIMIT;
    }

    private static Reading nonsense(String why) {
        return new Reading.Failed(new Answer.Failed(why, null));
    }

    /** What all pages showed, read once. */
    private sealed interface Reading {
        record Complete(SequencedSet<BatchId> active, boolean onePage) implements Reading {}

        record Failed(Answer answer) implements Reading {}
    }
}
