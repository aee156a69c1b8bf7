package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class RetryAfterTests {

    private static final Instant NOW = Instant.parse("2026-07-01T12:00:00Z");

    @ParameterizedTest
    @CsvSource({"0,0", "7,7", "' 7 ',7", "007,7", "86400,86400", "31536000,31536000"})
    void seconds(String value, long expected) {
        assertThat(RetryAfter.parse(value, null, NOW)).contains(Duration.ofSeconds(expected));
    }

    @ParameterizedTest
    @ValueSource(strings = {"31536001", "9223372036854775807", "9223372036854775808", "99999999999999999999999999"})
    void aWaitThatNobodyWaitsIsAYear(String value) {
        assertThat(RetryAfter.parse(value, null, NOW)).contains(Duration.ofDays(365));
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(
            strings = {
                "",
                " ",
                "-1",
                "+7",
                "1.5",
                "7s",
                "soon",
                "\u0667",
                "Wed, 99 Jul 2026 12:00:00 GMT",
                "2026-07-01T12:00:00Z"
            })
    void garbageIsNone(String value) {
        assertThat(RetryAfter.parse(value, null, NOW)).isEmpty();
    }

    @Test
    void aDateIsReadAgainstTheAnswersOwnDate() {
        // the upstream's clock is three hours ahead of ours
        assertThat(RetryAfter.parse("Wed, 01 Jul 2026 15:00:30 GMT", "Wed, 01 Jul 2026 15:00:00 GMT", NOW))
                .contains(Duration.ofSeconds(30));
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", "yesterday"})
    void aDateIsReadAgainstOurClockWhereTheAnswerHasNone(String date) {
        assertThat(RetryAfter.parse("Wed, 01 Jul 2026 12:01:00 GMT", date, NOW)).contains(Duration.ofMinutes(1));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"Wed, 01 Jul 2026 12:01:00 GMT", "Wednesday, 01-Jul-26 12:01:00 GMT", "Wed Jul 01 12:01:00 2026"
            })
    void everyFormOfAnHttpDateIsRead(String value) {
        assertThat(RetryAfter.parse(value, null, NOW)).contains(Duration.ofMinutes(1));
    }

    @Test
    void aFractionIsKeptSoThatNobodyComesBackTooEarly() {
        assertThat(RetryAfter.parse("Wed, 01 Jul 2026 12:01:00 GMT", null, NOW.plusMillis(900)))
                .contains(Duration.ofMillis(59_100));
    }

    @Test
    void aDateFarAwayIsAYear() {
        assertThat(RetryAfter.parse("Thu, 01 Jul 2032 12:00:00 GMT", null, NOW)).contains(Duration.ofDays(365));
    }

    @Test
    void aPastDateIsNow() {
        assertThat(RetryAfter.parse("Wed, 01 Jul 2020 12:00:00 GMT", null, NOW)).contains(Duration.ZERO);
    }

    @Test
    void everyDateAndEveryNumberOfSecondsIsReadAsWritten() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        DateTimeFormatter http = DateTimeFormatter.RFC_1123_DATE_TIME.withZone(ZoneOffset.UTC);
        for (int i = 0; i < 2000; i++) {
            Instant date = NOW.plusSeconds(random.nextLong(-1_000_000_000L, 1_000_000_000L));
            long wait = random.nextLong(0, 31_536_000);
            assertThat(RetryAfter.parse(Long.toString(wait), http.format(date), NOW))
                    .as("seed %d", seed)
                    .contains(Duration.ofSeconds(wait));
            assertThat(RetryAfter.parse(http.format(date.plusSeconds(wait)), http.format(date), NOW))
                    .as("seed %d", seed)
                    .contains(Duration.ofSeconds(wait));
        }
    }

    @Test
    void noTextIsAFailure() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int i = 0; i < 5000; i++) {
            String value = random.ints(random.nextInt(40), 0, 0x250)
                    .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                    .toString();
            assertThat(RetryAfter.parse(value, value, NOW).orElse(Duration.ZERO))
                    .as("seed %d, value %s", seed, value)
                    .isBetween(Duration.ZERO, Duration.ofDays(365));
        }
    }
}
