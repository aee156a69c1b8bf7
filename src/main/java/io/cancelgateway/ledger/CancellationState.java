package io.cancelgateway.ledger;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** The states of a cancellation, and the transitions between them. */
public enum CancellationState {
    /** Recorded. Whether the upstream accepted the cancel is not known yet. */
    REQUESTED,
    /** The upstream accepted the cancel. Items in process run to their end. */
    CANCELING,
    /** The batch is canceled. */
    CANCELED,
    /** The batch was completed before it could be canceled. */
    COMPLETED,
    /** The batch expired, 24 hours after its creation. */
    EXPIRED,
    /** The tenant's account has no such batch. */
    NOT_FOUND,
    /** The upstream refused the tenant's key or account. */
    REJECTED,
    /** The cancel is known to have had no effect. */
    FAILED,
    /** An asynchronous cancel could not be delivered before its batch expired. */
    UNDELIVERABLE,
    /** The cancel was delivered, or may have been, but the end of the batch could not be learned. */
    UNCONFIRMED;

    /** Whether this state is terminal. A terminal record changes only if a new cancel starts it again. */
    public boolean terminal() {
        return this != REQUESTED && this != CANCELING;
    }

    /**
     * Whether a record may move from this state to {@code next}. Every statement uses this one table of transitions.
     */
    boolean canMoveTo(CancellationState next) {
        return switch (this) {
            case REQUESTED -> next != REQUESTED;
            case CANCELING -> next == CANCELED || next == COMPLETED || next == EXPIRED || next == UNCONFIRMED;
            // only if it seemed to be canceled by somebody else, and a late acceptance shows that it was through us
            case CANCELED -> next == CANCELING;
            case COMPLETED, EXPIRED -> false;
            // these did not end with the batch: a new cancel starts the record again
            case NOT_FOUND, REJECTED, FAILED, UNDELIVERABLE -> next == REQUESTED;
            // the same; a record that was accepted goes on in CANCELING
            case UNCONFIRMED -> next == REQUESTED || next == CANCELING;
        };
    }

    /** The words of the states, except terminal ones, from which a record may move to {@code next}. */
    static List<String> wordsBefore(CancellationState next) {
        return Words.BEFORE.getOrDefault(next, List.of());
    }

    /** The words of the terminal states from which a new cancel starts a record again. */
    static List<String> wordsOfRestartable() {
        return Words.RESTARTABLE;
    }

    /** The words of the states that a new request neither changes nor finds unresolved. */
    static List<String> wordsOfJoinable() {
        return Words.JOINABLE;
    }

    /** Words as SQL writes them in a list. */
    static String quoted(List<String> words) {
        return words.stream().map(word -> "'" + word + "'").collect(Collectors.joining(", "));
    }

    /** Read off the table once: every cancel needs them. */
    private static final class Words {

        private static final Map<CancellationState, List<String>> BEFORE = Arrays.stream(values())
                .collect(Collectors.toUnmodifiableMap(
                        next -> next, next -> words(state -> !state.terminal() && state.canMoveTo(next))));

        private static final List<String> JOINABLE = words(state -> state != REQUESTED && !state.canMoveTo(REQUESTED));

        private static final List<String> RESTARTABLE = words(state -> state.terminal() && state.canMoveTo(REQUESTED));

        private static List<String> words(Predicate<CancellationState> wanted) {
            return Arrays.stream(values())
                    .filter(wanted)
                    .map(CancellationState::word)
                    .toList();
        }
    }

    /** The word of this state in the database, in answers and in meter tags. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The state with this word, or empty if there is none. */
    public static Optional<CancellationState> ofWord(String word) {
        return Arrays.stream(values())
                .filter(state -> state.word().equals(word))
                .findFirst();
    }
}
