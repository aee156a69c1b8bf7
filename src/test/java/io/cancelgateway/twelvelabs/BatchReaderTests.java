package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BatchReaderTests {

    private final BatchReader reader = new BatchReader();

    @Test
    void readsStatusAndCountAndKeepsTheBytes() {
        byte[] body = bytes(" {\"canceled_items\": 70, \"status\":\"canceling\", \"new\":{}} ");

        Batch batch = reader.batch(body).orElseThrow();

        assertThat(batch.status()).isEqualTo("canceling");
        assertThat(batch.items().canceled()).isEqualTo(70);
        assertThat(batch.body()).isSameAs(body);
    }

    @Test
    void readsEveryCountAndName() {
        Batch batch = reader.batch(bytes("""
                        {"status":"canceled","model_name":"pegasus1.5","analysis_mode":"general","total_items":6,
                         "queued_items":0,"processing_items":1,"ready_items":2,"failed_items":3,"canceled_items":4}
                        """)).orElseThrow();

        assertThat(batch.items()).isEqualTo(new BatchItems(6, 0, 1, 2, 3, 4));
        assertThat(batch.modelName()).isEqualTo("pegasus1.5");
        assertThat(batch.analysisMode()).isEqualTo("general");
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "5", "\"\"", "\"a\\u0000b\"", "\"\\ud800\"", "\"ä\""})
    void aNameThatADatabaseMayNotTakeIsNotKept(String written) {
        Batch batch = reader.batch(bytes("{\"status\":\"x\",\"model_name\":" + written + "}"))
                .orElseThrow();

        assertThat(batch.modelName()).isNull();
        assertThat(batch.items()).isEqualTo(BatchItems.UNKNOWN);
    }

    @ParameterizedTest
    @CsvSource({"0,0", "70,70", "70.0,70", "7E1,70", "2147483647,2147483647"})
    void aCountIsAWholeNumberHoweverItIsWritten(String written, int count) {
        assertThat(canceledItems(written)).isEqualTo(count);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "1.5", "1E400", "2147483648", "\"70\"", "null", "[]"})
    void whatIsNoCountIsNotCounted(String written) {
        assertThat(canceledItems(written)).isNull();
    }

    @ParameterizedTest
    @ValueSource(ints = {309, 1001, 500_000})
    void aNumberOfAnyLengthIsNoCountAndMakesNothingUnreadable(int digits) {
        String number = "9".repeat(digits);

        assertThat(canceledItems(number)).isNull();
        assertThat(canceledItems("-" + number)).isNull();
        Batch batch = reader.batch(bytes("{\"new\":%s,\"status\":\"canceling\",\"ready_items\":2}".formatted(number)))
                .orElseThrow();
        assertThat(batch.status()).isEqualTo("canceling");
        assertThat(batch.items().ready()).isEqualTo(2);
        assertThat(reader.error(bytes("{\"error\":{\"details\":%s,\"code\":\"batch_canceled\"}}".formatted(number))))
                .contains(new VendorError("batch_canceled", ""));
    }

    private Integer canceledItems(String written) {
        return reader.batch(bytes("{\"status\":\"x\",\"canceled_items\":" + written + "}"))
                .orElseThrow()
                .items()
                .canceled();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "{",
                "[]",
                "\"status\"",
                "null",
                "{}",
                "{\"status\":null}",
                "{\"status\":1}",
                "{\"status\":\"x\"} trailing",
                "{\"status\":\"x\"",
                "<html>",
                "{\"status\":\"x\",}"
            })
    void whatIsNoObjectWithAStringStatusIsUnreadable(String body) {
        assertThat(reader.batch(bytes(body))).isEmpty();
    }

    @Test
    void readsTheEntriesOfAPageAndKeepsTheBytes() {
        byte[] body = bytes("""
                {"data":[{"batch_id":"68f4ddaf8aaa60d33df0e800","status":"pending","webhooks":[{"url":"x"}]},
                         {"new":{"data":[1]},"status":"odd","batch_id":"68F4DDAF8AAA60D33DF0E801"}],
                 "page_info":{"page":1,"limit_per_page":10,"total_page":3,"total_results":21},"new":[[]]}
                """);

        BatchPage page = reader.page(body).orElseThrow();

        assertThat(page.entries())
                .containsExactly(
                        new BatchPage.Entry(new BatchId("68f4ddaf8aaa60d33df0e800"), "pending"),
                        new BatchPage.Entry(new BatchId("68f4ddaf8aaa60d33df0e801"), "odd"));
        assertThat(page.totalPages()).isEqualTo(3);
        assertThat(page.body()).isSameAs(body);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                "7",
                "null",
                "\"text\"",
                "[{\"batch_id\":\"68f4ddaf8aaa60d33df0e800\",\"status\":\"pending\"}]",
                "{\"batch_id\":68,\"status\":null}",
                "{\"batch_id\":\"68f4ddaf8aaa60d33df0e8\",\"status\":[]}"
            })
    void anEntryThatIsNoBatchIsAnEntryAllTheSame(String entry) {
        BatchPage page =
                reader.page(bytes("{\"data\":[" + entry + "," + entry + "]}")).orElseThrow();

        assertThat(page.entries()).containsExactly(new BatchPage.Entry(null, null), new BatchPage.Entry(null, null));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ",\"page_info\":null",
                ",\"page_info\":[3]",
                ",\"page_info\":{}",
                ",\"page_info\":{\"total_page\":\"3\"}",
                ",\"page_info\":{\"total_page\":-1}",
                ",\"total_page\":3"
            })
    void howManyPagesThereAreMayBeUnknown(String pageInfo) {
        assertThat(reader.page(bytes("{\"data\":[]" + pageInfo + "}"))
                        .orElseThrow()
                        .totalPages())
                .isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{}",
                "{\"data\":null}",
                "{\"data\":{}}",
                "{\"data\":\"\"}",
                "{\"page\":{\"data\":[]}}",
                "{\"data\":[",
                "{\"data\":[{}",
                "{\"data\":[]",
                "{\"data\":[]} {}",
                "<html>"
            })
    void whatIsNoObjectWithAnArrayOfDataIsNoPage(String body) {
        assertThat(reader.page(bytes(body))).isEmpty();
    }

    @Test
    void aPageThatIsNestedDeeplyIsUnreadableNotAFailure() {
        assertThat(reader.page(bytes("{\"data\":[" + "{\"data\":[".repeat(100_000))))
                .isEmpty();
        assertThat(reader.page(bytes("{\"page_info\":".repeat(100_000)))).isEmpty();
    }

    @Test
    void deepNestingIsUnreadableNotAFailure() {
        assertThat(reader.batch(bytes("{\"status\":\"x\",\"a\":" + "[".repeat(100_000))))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"error\":{\"code\":\"batch_completed\",\"message\":\"done\",\"details\":{}}}",
                "{\"code\":\"batch_completed\",\"message\":\"done\"}"
            })
    void readsBothErrorShapes(String body) {
        assertThat(reader.error(bytes(body))).contains(new VendorError("batch_completed", "done"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "oops", "{}", "{\"error\":\"oops\"}", "{\"error\":{\"message\":\"no code\"}}", "{\"code\":5}"
            })
    void whatHasNoCodeIsNoError(String body) {
        assertThat(reader.error(bytes(body))).isEmpty();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
