package io.cancelgateway.twelvelabs;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads {@code Retry-After} (RFC 9110, section 10.2.3): seconds, or an HTTP date. */
final class RetryAfter {

    /** Longer than anybody waits, and far from overflow. */
    private static final long MAX_SECONDS = Duration.ofDays(365).toSeconds();

    private RetryAfter() {}

    /**
     * How long to wait.
     *
     * @param value the header, or null where it was not sent
     * @param date the same answer's {@code Date}, or null; a date in {@code value} is read against it, so that the two
     *     machines' clocks need not agree
     * @param now the time here, where {@code Date} is missing or unreadable
     * @return the wait, zero for a date that is past, at most a year; empty where there is none or it is unreadable
     */
    static Optional<Duration> parse(@Nullable String value, @Nullable String date, Instant now) {
        if (value == null || value.isBlank()) {
            return Optional.empty();
        }
        String text = value.strip();
        if (text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return Optional.of(Duration.ofSeconds(seconds(text)));
        }
        return httpDate(text).map(until -> {
            Instant from =
                    Optional.ofNullable(date).flatMap(RetryAfter::httpDate).orElse(now);
            long seconds = Duration.between(from, until).toSeconds();
            return Duration.ofSeconds(Math.clamp(seconds, 0, MAX_SECONDS));
        });
    }

    private static long seconds(String digits) {
        try {
            return Math.min(Long.parseLong(digits), MAX_SECONDS);
        } catch (NumberFormatException e) {
            return MAX_SECONDS; // more digits than a long has
        }
    }

    private static Optional<Instant> httpDate(String text) {
        try {
            return Optional.of(ZonedDateTime.parse(text.strip(), DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant());
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }
}
