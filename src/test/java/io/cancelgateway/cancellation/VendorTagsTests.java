package io.cancelgateway.cancellation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class VendorTagsTests {

    @Test
    void theFirstFewWordsKeepTheirTagAndTheRestShareOne() {
        VendorTags tags = new VendorTags(2);

        assertThat(tags.of("a")).isEqualTo("a");
        assertThat(tags.of("b")).isEqualTo("b");
        assertThat(tags.of("c")).isEqualTo("other");
        assertThat(tags.of("a")).isEqualTo("a");
        assertThat(tags.of(null)).isEqualTo("unknown");
    }
}
