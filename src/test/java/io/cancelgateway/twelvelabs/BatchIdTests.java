package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class BatchIdTests {

    @Test
    void isOneBatchWhateverItsCaseAndKeepsItsSpelling() {
        BatchId lower = BatchId.parse("68f4ddaf8aaa60d33df0e800").orElseThrow();
        BatchId upper = BatchId.parse("68F4DDAF8AAA60D33DF0E800").orElseThrow();

        assertThat(lower).isEqualTo(upper).hasSameHashCodeAs(upper);
        assertThat(upper.value()).isEqualTo("68F4DDAF8AAA60D33DF0E800");
        assertThat(upper).hasToString("68F4DDAF8AAA60D33DF0E800");
        assertThat(upper.canonical()).isEqualTo("68f4ddaf8aaa60d33df0e800").isEqualTo(lower.canonical());
        assertThat(lower).isNotEqualTo(new BatchId("68f4ddaf8aaa60d33df0e801"));
    }

    @Test
    void nothingElseIsABatchId() {
        assertThat(BatchId.parse("68f4ddaf8aaa60d33df0e80\u0661")).isEmpty();
        assertThat(BatchId.parse("68f4ddaf8aaa60d33df0e800\n")).isEmpty();
        assertThatIllegalArgumentException().isThrownBy(() -> new BatchId("x"));
    }
}
