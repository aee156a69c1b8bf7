package io.cancelgateway.cancellation;

import io.cancelgateway.problem.Problem;
import io.cancelgateway.problem.ProblemException;
import io.cancelgateway.problem.ProblemType;
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
            throw malformed("is given more than once");
        }
        return headers.stream()
                .findFirst()
                .map(String::strip)
                .filter(text -> !text.isEmpty())
                .map(text -> {
                    if (!FORM.matcher(text).matches()) {
                        throw malformed("must be printable ASCII, at most 256 characters");
                    }
                    return new CancelReason(text);
                });
    }

    private static ProblemException malformed(String why) {
        return Problem.of(ProblemType.PARAMETER_INVALID, HEADER + " " + why + ".")
                .toException();
    }
}
