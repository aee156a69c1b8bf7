package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The search in an account whose list moves while it is read. */
class ActiveBatchSearchTests {

    private static final int LIMIT = 50;

    /** The active batches of the account, newest first. */
    private final List<BatchId> account = new ArrayList<>();

    private final List<BatchQuery> queries = new ArrayList<>();

    /** What happens after the page of this many queries was answered. */
    private IntFunction<@Nullable Runnable> afterwards = _ -> null;

    private boolean withPageInfo = true;

    private Listing page(BatchQuery query) {
        queries.add(query);
        int from = (Integer.parseInt(query.page()) - 1) * LIMIT;
        List<BatchPage.Entry> entries = account.stream()
                .skip(from)
                .limit(LIMIT)
                .map(id -> entry(id, "processing"))
                .toList();
        int pages = (account.size() + LIMIT - 1) / LIMIT;
        Runnable happening = afterwards.apply(queries.size());
        if (happening != null) {
            happening.run();
        }
        return listing(entries, withPageInfo ? pages : null);
    }

    private List<BatchId> found() {
        ActiveBatches found = new ActiveBatchSearch(this::page).run();
        assertThat(found).isInstanceOf(ActiveBatches.Found.class);
        List<BatchId> batches = ((ActiveBatches.Found) found).batches();
        assertThat(batches).doesNotHaveDuplicates();
        return batches;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anAccountWhereNothingRunsIsAskedOnce(boolean pageInfo) {
        withPageInfo = pageInfo;

        assertThat(found()).isEmpty();

        assertThat(queries).containsExactly(query(1));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 49})
    void soIsOneWhosePageIsNotFull(int batches) {
        create(batches);

        assertThat(found()).isEqualTo(account);

        assertThat(queries).containsExactly(query(1));
    }

    @Test
    void severalPagesAreReadTwiceBecauseTheListMayHaveMoved() {
        create(120);

        assertThat(found()).isEqualTo(account);

        assertThat(queries).containsExactly(query(1), query(2), query(3), query(1), query(2), query(3));
    }

    @ParameterizedTest
    @CsvSource({"50,true", "100,true", "1,false", "50,false", "51,false", "120,false"})
    void aFullPageAndAPageThatDoesNotSayAreNotTheLast(int batches, boolean pageInfo) {
        create(batches);
        withPageInfo = pageInfo;

        assertThat(found()).isEqualTo(account);

        int withEmptyPage = (batches + LIMIT - 1) / LIMIT + 1;
        assertThat(queries).hasSize(2 * withEmptyPage);
        assertThat(queries.get(withEmptyPage - 1)).isEqualTo(query(withEmptyPage));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6})
    void whatIsCreatedMeanwhileShowsNothingTwiceAndHidesNothing(int after) {
        create(120);
        List<BatchId> before = List.copyOf(account);
        afterwards = queries -> queries == after ? () -> create(3) : null;

        assertThat(found()).containsAll(before).isSubsetOf(account);
    }

    @ParameterizedTest
    @CsvSource({"1,0", "1,49", "2,0", "2,99", "3,0", "4,0", "4,49", "5,60", "6,0"})
    void whatEndsMeanwhileHidesNothing(int after, int which) {
        create(120);
        afterwards = queries -> queries == after ? () -> account.remove(which) : null;

        assertThat(found()).containsAll(account);
    }

    @Test
    void whatEndedWhileTheListWasReadIsNotFound() {
        create(120);
        afterwards = queries -> queries == 1 ? () -> account.remove(0) : null;

        assertThat(found()).isEqualTo(account);

        // the second reading shows that one has ended, the third that no other one has
        assertThat(queries).hasSize(9);
    }

    @Test
    void whereBatchesEndAllTheTimeAllThatWereSeenAreFound() {
        create(120);
        List<BatchId> before = List.copyOf(account);
        afterwards = _ -> () -> account.removeFirst();

        assertThat(found()).containsAll(account).isSubsetOf(before);

        assertThat(queries).hasSize(9);
    }

    @Test
    void aReadingThatFitsOnePageEndsTheSearch() {
        create(60);
        afterwards = queries -> queries == 2 ? () -> account.subList(0, 20).clear() : null;

        assertThat(found()).isEqualTo(account).hasSize(40);

        assertThat(queries).containsExactly(query(1), query(2), query(1));
    }

    @Test
    void onlyWhatRunsIsFoundAndEachOnce() {
        ActiveBatches found = search(listing(
                List.of(
                        entry(id(0xab), "processing"),
                        entry(id(2), "completed"),
                        entry(id(3), "canceling"),
                        entry(id(4), "unheard of"),
                        entry(id(5), "pending"),
                        entry(new BatchId(id(0xab).value().toUpperCase(Locale.ROOT)), "processing")),
                1));

        assertThat(found).isEqualTo(new ActiveBatches.Found(List.of(id(0xab), id(5))));
    }

    static List<BatchPage.Entry> nonsense() {
        return List.of(
                new BatchPage.Entry(null, "processing"),
                new BatchPage.Entry(id(1), null),
                new BatchPage.Entry(null, null));
    }

    @ParameterizedTest
    @MethodSource("nonsense")
    void anEntryThatIsNoBatchMakesThePageUnreadable(BatchPage.Entry entry) {
        assertThat(search(listing(List.of(entry(id(2), "processing"), entry), 1)))
                .isEqualTo(new ActiveBatches.Failed(
                        new Answer.Failed("a batch in its list has no id or no status", null)));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 1_000_000_000})
    void aNumberOfPagesThatCannotBeIsNotBelieved(int pages) {
        create(5);

        ActiveBatches found = new ActiveBatchSearch(query -> {
                    Listing.Page page = (Listing.Page) page(query);
                    return listing(page.page().entries(), pages);
                })
                .run();

        assertThat(found).isEqualTo(new ActiveBatches.Found(account));
    }

    @Test
    void aServerThatRepeatsOnePageForEverIsNotAskedForEver() {
        create(5);
        List<Integer> asked = new ArrayList<>();

        ActiveBatches found = new ActiveBatchSearch(query -> {
                    int page = Integer.parseInt(query.page());
                    asked.add(page);
                    return listing(
                            account.stream().map(id -> entry(id, "pending")).toList(), page + 1);
                })
                .run();

        assertThat(found).isEqualTo(new ActiveBatches.Found(account));
        assertThat(asked).containsExactly(1, 2, 1, 2);
    }

    @Test
    void norIsOneThatAlwaysHasAnotherBatch() {
        List<Integer> asked = new ArrayList<>();

        ActiveBatches found = new ActiveBatchSearch(query -> {
                    int page = Integer.parseInt(query.page());
                    asked.add(page);
                    return listing(List.of(entry(id(page), "pending")), page + 1);
                })
                .run();

        assertThat(found)
                .isEqualTo(new ActiveBatches.Failed(new Answer.Failed("its list of batches does not end", null)));
        assertThat(asked).hasSize(100);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 6})
    void aPageThatFailsEndsTheSearch(int which) {
        create(120);
        Answer answer = new Answer.Unavailable(Duration.ofSeconds(5), RefusalReason.UPSTREAM_BREAKER);

        ActiveBatches found = new ActiveBatchSearch(query -> {
                    Listing listing = page(query);
                    return queries.size() == which ? new Listing.Failed(answer) : listing;
                })
                .run();

        assertThat(found).isEqualTo(new ActiveBatches.Failed(answer));
        assertThat(queries).hasSize(which);
    }

    private static ActiveBatches search(Listing listing) {
        return new ActiveBatchSearch(_ -> listing).run();
    }

    private void create(int batches) {
        int first = account.isEmpty() ? 0 : 1_000;
        IntStream.range(first, first + batches).forEach(number -> account.addFirst(id(number)));
    }

    private static BatchId id(int number) {
        return new BatchId("%024x".formatted(number));
    }

    private static BatchPage.Entry entry(BatchId batch, String status) {
        return new BatchPage.Entry(batch, status);
    }

    private static Listing listing(List<BatchPage.Entry> entries, @Nullable Integer pages) {
        return new Listing.Page(new BatchPage(entries, pages, new byte[0]));
    }

    private static BatchQuery query(int page) {
        return new BatchQuery(Integer.toString(page), "50", List.of("pending", "processing"), List.of());
    }
}
