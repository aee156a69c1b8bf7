package io.cancelgateway.cancellation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What a request asks for in {@code Prefer} (RFC 7240). A preference that is unknown, or whose value makes no sense, is
 * ignored, as section 2 demands. Of a preference that is given twice the first counts.
 *
 * @param respondAsync whether the request is to be answered as soon as it is recorded (section 4.1)
 * @param waitFor how long the request would wait for the end of the batch (section 4.3); empty if it does not ask for
 *     that
 */
record Preferences(boolean respondAsync, Optional<Duration> waitFor) {

    static final String HEADER = "Prefer";
    static final String APPLIED = "Preference-Applied";

    /** What a token is made of, beside letters and digits (RFC 9110, section 5.6.2). */
    private static final String TOKEN_MARKS = "!#$%&'*+-.^_`|~";

    /** More digits than a wait that fits a day needs. */
    private static final int MAX_DIGITS = 9;

    /** @param headers the values of {@link #HEADER} */
    static Preferences of(List<String> headers) {
        Map<String, String> given = new HashMap<>();
        for (String header : headers) {
            for (String preference : split(header, ',')) {
                // its parameters follow, which no preference here has
                List<String> nameAndValue = split(split(preference, ';').getFirst(), '=');
                String name = nameAndValue.getFirst().strip();
                if (nameAndValue.size() <= 2 && isToken(name)) {
                    String value = nameAndValue.size() == 2
                            ? unquoted(nameAndValue.get(1).strip())
                            : "";
                    given.putIfAbsent(name.toLowerCase(Locale.ROOT), value);
                }
            }
        }
        // a value means nothing there, so one that has it is not this preference
        boolean respondAsync = given.getOrDefault("respond-async", "no").isEmpty();
        return new Preferences(
                respondAsync, Optional.ofNullable(given.get("wait")).flatMap(Preferences::seconds));
    }

    /** The parts between separators that are not quoted. Reads each character once: the text may be hostile. */
    private static List<String> split(String text, char separator) {
        List<String> parts = new ArrayList<>();
        boolean quoted = false;
        int begin = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (quoted && c == '\\') {
                i++; // the next character is meant literally
            } else if (c == '"') {
                quoted = !quoted;
            } else if (c == separator && !quoted) {
                parts.add(text.substring(begin, i));
                begin = i + 1;
            }
        }
        parts.add(text.substring(begin));
        return parts;
    }

    private static boolean isToken(String text) {
        return !text.isEmpty()
                && text.chars()
                        .allMatch(c -> c >= '0' && c <= '9'
                                || c >= 'a' && c <= 'z'
                                || c >= 'A' && c <= 'Z'
                                || TOKEN_MARKS.indexOf(c) >= 0);
    }

    /** Without the quotes of a quoted string. What it escapes does not matter: no value here has a mark in it. */
    private static String unquoted(String value) {
        return value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"")
                ? value.substring(1, value.length() - 1)
                : value;
    }

    private static Optional<Duration> seconds(String text) {
        boolean digits =
                !text.isEmpty() && text.length() <= MAX_DIGITS && text.chars().allMatch(c -> c >= '0' && c <= '9');
        return digits ? Optional.of(Duration.ofSeconds(Long.parseLong(text))) : Optional.empty();
    }

    /**
     * The value of {@link #APPLIED}; empty if nothing was applied.
     *
     * @param waited the wait that was applied
     */
    static Optional<String> applied(boolean respondedAsync, Optional<Duration> waited) {
        List<String> applied = new ArrayList<>();
        if (respondedAsync) {
            applied.add("respond-async");
        }
        waited.ifPresent(wait -> applied.add("wait=" + wait.toSeconds()));
        return applied.isEmpty() ? Optional.empty() : Optional.of(String.join(", ", applied));
    }
}
