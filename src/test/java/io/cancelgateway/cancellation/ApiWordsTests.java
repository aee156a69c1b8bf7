package io.cancelgateway.cancellation;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.ledger.CancellationState;
import io.cancelgateway.support.ApiDocument;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The OpenAPI document has the words that answers have. */
class ApiWordsTests {

    @Test
    void theOutcomes() {
        assertThat(words("Outcome"))
                .containsExactlyElementsOf(
                        Stream.of(Outcome.values()).map(Outcome::word).toList());
    }

    @Test
    void theStates() {
        assertThat(words("State"))
                .containsExactlyInAnyOrderElementsOf(Stream.of(CancellationState.values())
                        .map(CancellationState::word)
                        .toList());
    }

    private static List<String> words(String schema) {
        return ApiDocument.tree()
                .path("components")
                .path("schemas")
                .path(schema)
                .path("enum")
                .valueStream()
                .map(word -> word.asText())
                .toList();
    }
}
