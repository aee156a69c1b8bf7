package io.cancelgateway.ledger;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;

/** Where a cancellation stands, and where it can go from there. */
public enum CancellationState {
    /** Written down; whether the upstream took it is not known yet. */
    REQUESTED,
    /** The upstream took it; items in process run to their end. */
    CANCELING,
    /** The batch is canceled. */
    CANCELED,
    /** The batch ran to its end before the cancel. */
    COMPLETED,
    /** The upstream cut the batch off after its 24 hours. */
    EXPIRED,
    /** The tenant's account has no such batch. */
    NOT_FOUND,
    /** The upstream refused the tenant's key or account. */
    REJECTED,
    /** Known not to have taken effect. */
    FAILED,
    /** Asynchronous, and never delivered in the batch's life. */
    UNDELIVERABLE,
    /** Delivered, or perhaps so, but its end could not be learned in the batch's life. */
    UNCONFIRMED;

    /** Whether nothing happens to it any more by itself. */
    public boolean terminal() {
        return this != REQUESTED && this != CANCELING;
    }

    /** Whether a record may go from this state to {@code next}: the one table of transitions, used by every statement. */
    boolean canMoveTo(CancellationState next) {
        return switch (this) {
            case REQUESTED -> next != REQUESTED;
            case CANCELING -> next == CANCELED || next == COMPLETED || next == EXPIRED || next == UNCONFIRMED;
            case CANCELED, COMPLETED, EXPIRED -> false;
            // did not come to the batch's end: a new cancel starts it again
            case NOT_FOUND, REJECTED, FAILED, UNDELIVERABLE -> next == REQUESTED;
            // where it was accepted, it still is
            case UNCONFIRMED -> next == REQUESTED || next == CANCELING;
        };
    }

    /** The words of the states from which a record comes to {@code next} without being started again. */
    static List<String> wordsBefore(CancellationState next) {
        return words(state -> !state.terminal() && state.canMoveTo(next));
    }

    /** The words of the states from which a new cancel starts a record again. */
    static List<String> wordsOfRestartable() {
        return words(state -> state.terminal() && state.canMoveTo(REQUESTED));
    }

    private static List<String> words(Predicate<CancellationState> wanted) {
        return Arrays.stream(values())
                .filter(wanted)
                .map(CancellationState::word)
                .toList();
    }

    /** The word in the database, in answers and in meters' tags. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The state of that word, or empty where there is none. */
    public static Optional<CancellationState> ofWord(String word) {
        return Arrays.stream(values())
                .filter(state -> state.word().equals(word))
                .findFirst();
    }
}
