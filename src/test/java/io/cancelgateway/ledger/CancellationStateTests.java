package io.cancelgateway.ledger;

import static io.cancelgateway.ledger.CancellationState.CANCELED;
import static io.cancelgateway.ledger.CancellationState.CANCELING;
import static io.cancelgateway.ledger.CancellationState.COMPLETED;
import static io.cancelgateway.ledger.CancellationState.EXPIRED;
import static io.cancelgateway.ledger.CancellationState.FAILED;
import static io.cancelgateway.ledger.CancellationState.NOT_FOUND;
import static io.cancelgateway.ledger.CancellationState.REJECTED;
import static io.cancelgateway.ledger.CancellationState.REQUESTED;
import static io.cancelgateway.ledger.CancellationState.UNCONFIRMED;
import static io.cancelgateway.ledger.CancellationState.UNDELIVERABLE;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CancellationStateTests {

    private static final Map<CancellationState, Set<CancellationState>> NEXT = Map.of(
            REQUESTED,
            EnumSet.complementOf(EnumSet.of(REQUESTED)),
            CANCELING,
            EnumSet.of(CANCELED, COMPLETED, EXPIRED, UNCONFIRMED),
            CANCELED,
            EnumSet.of(CANCELING),
            NOT_FOUND,
            EnumSet.of(REQUESTED),
            REJECTED,
            EnumSet.of(REQUESTED),
            FAILED,
            EnumSet.of(REQUESTED),
            UNDELIVERABLE,
            EnumSet.of(REQUESTED),
            UNCONFIRMED,
            EnumSet.of(REQUESTED, CANCELING));

    @ParameterizedTest
    @EnumSource
    void goesWhereTheContractSays(CancellationState state) {
        assertThat(Arrays.stream(CancellationState.values()).filter(state::canMoveTo))
                .containsExactlyInAnyOrderElementsOf(NEXT.getOrDefault(state, Set.of()));
    }

    @ParameterizedTest
    @EnumSource
    void isFoundByItsWord(CancellationState state) {
        assertThat(CancellationState.ofWord(state.word())).contains(state);
        assertThat(state.terminal()).isEqualTo(state != REQUESTED && state != CANCELING);
    }
}
