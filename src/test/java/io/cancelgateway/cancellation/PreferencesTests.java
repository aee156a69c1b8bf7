package io.cancelgateway.cancellation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PreferencesTests {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "respond-async | true |",
                "Respond-Async | true |",
                "wait=10 | false | 10",
                "WAIT = 10 | false | 10",
                "wait=\"10\" | false | 10",
                "respond-async, wait=10 | true | 10",
                "wait=10,respond-async | true | 10",
                "wait=0 | false | 0",
                "wait=999999999 | false | 999999999",
                "foo; bar=\"a, respond-async\", wait=5 | false | 5",
                "return=minimal; x=1, respond-async; y=2 | true |",
                "wait=1, wait=2 | false | 1",
                ", , wait=3 | false | 3",
                "foo bar, respond-async | true |",
                "=, wait=4 | false | 4",
                "wait=5=6, wait=7 | false | 7",
                "foo=\"a\\\", wait=1\", wait=2 | false | 2",
            })
    void isRead(String header, boolean respondAsync, Long seconds) {
        assertThat(Preferences.of(List.of(header)))
                .isEqualTo(new Preferences(
                        respondAsync, Optional.ofNullable(seconds).map(Duration::ofSeconds)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "wait",
                "wait=",
                "wait=-1",
                "wait=1.5",
                "wait=soon",
                "wait=9999999999",
                "wait=\"",
                "respond-async=yes",
                "respond-async2",
                "\"respond-async\"",
                "wait=١",
            })
    void whatMakesNoSenseIsIgnored(String header) {
        assertThat(Preferences.of(List.of(header))).isEqualTo(new Preferences(false, Optional.empty()));
    }

    /** A header may be hostile: reading it must not take longer than its length. */
    @ParameterizedTest
    @ValueSource(strings = {" ", ";", "=", "\"", ",", "\\", "a;", " =\"", ";\" "})
    void aLongHeaderIsReadAtOnce(String part) {
        String hostile = "a" + part.repeat(500_000 / part.length()) + "\"";

        assertTimeoutPreemptively(
                Duration.ofSeconds(5),
                () -> assertThat(Preferences.of(List.of(hostile))).isEqualTo(new Preferences(false, Optional.empty())));
    }

    @Test
    void severalHeadersAreOneList() {
        assertThat(Preferences.of(List.of("wait=7", "respond-async", "wait=8")))
                .isEqualTo(new Preferences(true, Optional.of(Duration.ofSeconds(7))));
    }

    @Test
    void tellsWhatWasApplied() {
        assertThat(Preferences.applied(false, Optional.empty())).isEmpty();
        assertThat(Preferences.applied(true, Optional.empty())).contains("respond-async");
        assertThat(Preferences.applied(false, Optional.of(Duration.ofSeconds(3))))
                .contains("wait=3");
        assertThat(Preferences.applied(true, Optional.of(Duration.ofSeconds(3))))
                .contains("respond-async, wait=3");
    }
}
