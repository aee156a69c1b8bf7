package io.cancelgateway.twelvelabs;

import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;

/** Parses {@code Retry-After} (RFC 9110, section 10.2.3): seconds, or an HTTP date. */
final class RetryAfter {

    /** Longer than anybody waits, and short enough not to overflow. */
    private static final Duration MAX = Duration.ofDays(365);

    private RetryAfter() {}

    /**
     * How long to wait.
     *
     * @param value the header, or null where it was not sent
     * @param date the {@code Date} of the same response, or null. A date in {@code value} is compared with it, so that
     *     the two machines' clocks need not agree
     * @param now the time here, for a response whose {@code Date} is missing or cannot be parsed
     * @return the wait, at most a year, zero for a date in the past; empty where {@code value} is missing or cannot be
     *     parsed
     */
    static Optional<Duration> parse(@Nullable String value, @Nullable String date, Instant now) {
        if (value == null || value.isBlank()) {
            return Optional.empty();
        }
        String text = value.strip();
        if (text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return Optional.of(seconds(text));
        }
        return httpDate(text).map(until -> {
            Instant from =
                    Optional.ofNullable(date).flatMap(RetryAfter::httpDate).orElse(now);
            Duration wait = Duration.between(from, until);
            return wait.isNegative() ? Duration.ZERO : wait.compareTo(MAX) > 0 ? MAX : wait;
        });
    }

    private static Duration seconds(String digits) {
        try {
            Duration wait = Duration.ofSeconds(Long.parseLong(digits));
            return wait.compareTo(MAX) > 0 ? MAX : wait;
        } catch (NumberFormatException e) {
            return MAX; // more digits than a long has
        }
    }

    /** Parses any of the three date formats (RFC 9110, section 5.6.7). */
    private static Optional<Instant> httpDate(String text) {
        HttpHeaders headers = new HttpHeaders();
        headers.set(HttpHeaders.DATE, text.strip());
        try {
            return Optional.ofNullable(headers.getFirstZonedDateTime(HttpHeaders.DATE))
                    .map(ZonedDateTime::toInstant);
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
