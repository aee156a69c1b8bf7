package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

class BatchReaderTests {

    private final BatchReader reader = new BatchReader(JsonMapper.shared());

    @Test
    void readsStatusAndCountAndKeepsTheBytes() {
        byte[] body = bytes(" {\"canceled_items\": 70, \"status\":\"canceling\", \"new\":{}} ");

        Batch batch = reader.batch(body).orElseThrow();

        assertThat(batch.status()).isEqualTo("canceling");
        assertThat(batch.canceledItems()).hasValue(70);
        assertThat(batch.body()).isSameAs(body);
    }

    @ParameterizedTest
    @CsvSource({"0,0", "70,70", "70.0,70", "7E1,70", "2147483647,2147483647"})
    void aCountIsAWholeNumberHoweverItIsWritten(String written, long count) {
        assertThat(canceledItems(written)).hasValue(count);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "1.5", "1E400", "2147483648", "\"70\"", "null", "[]"})
    void whatIsNoCountIsNotCounted(String written) {
        assertThat(canceledItems(written)).isEmpty();
    }

    private OptionalLong canceledItems(String written) {
        return reader.batch(bytes("{\"status\":\"x\",\"canceled_items\":" + written + "}"))
                .orElseThrow()
                .canceledItems();
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
