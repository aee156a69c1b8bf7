package io.cancelgateway.cancellation;

import io.cancelgateway.problem.ProblemException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Why a caller cancels, in its own words, for the audit trail.
 *
 * @param text printable ASCII, at most 256 characters
 */
record CancelReason(String text) {

    static final String HEADER = "X-Cancel-Reason";

    private static final Pattern FORM = Pattern.compile("[\\x20-\\x7e]{0,256}");

    /**
     * The reason in a request, or empty if it gives none.
     *
     * @param headers the values of {@link #HEADER}
     * @throws ProblemException {@code parameter_invalid} if there are several, or the one is malformed
     */
    static Optional<CancelReason> of(List<String> headers) {
        if (headers.size() > 1) {
            throw Requests.malformed(HEADER + " is given more than once.");
        }
        return headers.stream().findFirst().flatMap(text -> of(HEADER, text));
    }

    /**
     * The reason that {@code text} gives, or empty if it is blank.
     *
     * @param source where it was given, for the message of an error
     * @throws ProblemException {@code parameter_invalid} if it is malformed
     */
    static Optional<CancelReason> of(String source, String text) {
        String stripped = text.strip();
        if (!FORM.matcher(stripped).matches()) {
            throw Requests.malformed(source + " must be printable ASCII, at most 256 characters.");
        }
        return stripped.isEmpty() ? Optional.empty() : Optional.of(new CancelReason(stripped));
    }
}
