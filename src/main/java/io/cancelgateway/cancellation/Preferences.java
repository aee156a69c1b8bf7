package io.cancelgateway.cancellation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a request asks for in {@code Prefer} (RFC 7240). A preference that is unknown, or whose value makes no sense, is
 * ignored, as section 2 demands. Of a preference that is given twice the first counts.
 *
 * @param respondAsync whether the request is to be answered as soon as it is recorded (section 4.1)
 * @param waitFor how long the request would wait for the end of the batch (section 4.3); empty if it does not ask for that
 */
record Preferences(boolean respondAsync, Optional<Duration> waitFor) {

    static final String HEADER = "Prefer";
    static final String APPLIED = "Preference-Applied";

    private static final String TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
    private static final String QUOTED = "\"(?:[^\"\\\\]|\\\\.)*\"";

    /** A preference with its value, at the beginning of a list. Its parameters follow, which no preference here has. */
    private static final Pattern PREFERENCE =
            Pattern.compile("\\G[\\s,]*(%s)(?:\\s*=\\s*(%s|%s)?)?((?:\\s*;(?:[^\",;]|%s)*)*)\\s*(?=,|$)"
                    .formatted(TOKEN, TOKEN, QUOTED, QUOTED));

    /** More digits than a wait that fits a day needs. */
    private static final Pattern SECONDS = Pattern.compile("\\d{1,9}");

    /** @param headers the values of {@link #HEADER} */
    static Preferences of(List<String> headers) {
        Map<String, String> given = new LinkedHashMap<>();
        for (String header : headers) {
            Matcher preference = PREFERENCE.matcher(header);
            while (preference.find()) {
                String value = preference.group(2) == null ? "" : preference.group(2);
                given.putIfAbsent(preference.group(1).toLowerCase(Locale.ROOT), unquoted(value));
            }
        }
        // a value means nothing there, so one that has it is not this preference
        boolean respondAsync = given.getOrDefault("respond-async", "no").isEmpty();
        return new Preferences(
                respondAsync, Optional.ofNullable(given.get("wait")).flatMap(Preferences::seconds));
    }

    private static String unquoted(String value) {
        return value.startsWith("\"") ? value.substring(1, value.length() - 1).replaceAll("\\\\(.)", "$1") : value;
    }

    private static Optional<Duration> seconds(String text) {
        return SECONDS.matcher(text).matches()
                ? Optional.of(Duration.ofSeconds(Long.parseLong(text)))
                : Optional.empty();
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
