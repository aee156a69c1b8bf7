package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.web.util.DefaultUriBuilderFactory;

class VendorRequestTests {

    private static final BatchId BATCH = new BatchId("68F4ddaf8aaa60d33df0e800");

    @Test
    void aBatchIsNamedInThePathAsItWasWritten() {
        assertThat(address(new VendorRequest.Cancel(BATCH)))
                .isEqualTo("http://vendor/v1.3/analyze/batches/68F4ddaf8aaa60d33df0e800/cancel");
        assertThat(address(new VendorRequest.Retrieve(BATCH)))
                .isEqualTo("http://vendor/v1.3/analyze/batches/68F4ddaf8aaa60d33df0e800");
    }

    @Test
    void aListHasTheParametersThatWereGiven() {
        assertThat(address(list(null, null, List.of(), List.of()))).isEqualTo("http://vendor/v1.3/analyze/batches");
        assertThat(address(
                        list("2", "50", List.of("pending", "processing"), List.of("general", "time_based_metadata"))))
                .isEqualTo("http://vendor/v1.3/analyze/batches?page=2&page_limit=50&status=pending&status=processing"
                        + "&analysis_mode=general&analysis_mode=time_based_metadata");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a&page=2|a%26page%3D2",
                "a#b|a%23b",
                "a/../../b?c|a%2F..%2F..%2Fb%3Fc",
                "a+b c|a%2Bb%20c",
                "%26|%2526",
                "{value0}|%7Bvalue0%7D",
                "ä|%C3%A4",
                "''|''",
            })
    void nothingInAValueChangesThePathOrAddsAParameter(String value, String sent) {
        assertThat(address(list(value, null, List.of(value, "x"), List.of(value))))
                .isEqualTo("http://vendor/v1.3/analyze/batches?page=%s&status=%s&status=x&analysis_mode=%s"
                        .formatted(sent, sent, sent));
    }

    @Test
    void theLogShowsNothingOfAQuery() {
        assertThat(list("secret", "secret", List.of("secret"), List.of("secret")))
                .hasToString("list batches");
        assertThat(new VendorRequest.Cancel(BATCH)).hasToString("cancel batch 68F4ddaf8aaa60d33df0e800");
        assertThat(new VendorRequest.Retrieve(BATCH)).hasToString("retrieve batch 68F4ddaf8aaa60d33df0e800");
    }

    private static VendorRequest list(
            String page, String pageLimit, List<String> statuses, List<String> analysisModes) {
        return new VendorRequest.ListBatches(new BatchQuery(page, pageLimit, statuses, analysisModes));
    }

    private static String address(VendorRequest request) {
        DefaultUriBuilderFactory addresses = new DefaultUriBuilderFactory("http://vendor/v1.3");
        return request.address(addresses.uriString(request.operation().path())).toString();
    }
}
