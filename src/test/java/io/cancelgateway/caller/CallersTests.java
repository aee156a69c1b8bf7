package io.cancelgateway.caller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cancelgateway.caller.CallerProperties.Setting;
import io.cancelgateway.platform.InvalidSettingException;
import io.cancelgateway.support.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CallersTests {

    @TempDir
    private Path directory;

    @Test
    void aTokenOfTwoCallersAdmitsNeither() throws IOException {
        Callers callers = load(Map.of("a", setting("shared", null), "b", setting("shared", null)));
        assertThat(callers.byToken("shared")).isEmpty();

        Files.writeString(directory.resolve("b"), Sha256.hex("own"));
        callers.load();

        assertThat(name(callers.byToken("shared"))).isEqualTo("a");
        assertThat(name(callers.byToken("own"))).isEqualTo("b");

        Files.writeString(directory.resolve("b"), Sha256.hex("own") + "," + Sha256.hex("shared"));
        callers.load();
        assertThat(callers.byToken("shared")).isEmpty();
        assertThat(name(callers.byToken("own"))).isEqualTo("b");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " \n", "abc", ",", "zz"})
    void aFileOfNoUseKeepsTheLastGoodHashes(String content) throws IOException {
        Files.writeString(directory.resolve("a"), content);
        Callers callers = load(Map.of("a", setting("configured", null)));
        assertThat(callers.byToken("configured")).as("not those of the setting").isEmpty();

        Files.writeString(directory.resolve("a"), Sha256.hex("one"));
        callers.load();
        Files.writeString(directory.resolve("a"), Sha256.hex("two") + "\n" + content + "x");
        callers.load();

        assertThat(callers.byToken("one")).isPresent();
        assertThat(callers.byToken("two")).isEmpty();
    }

    @Test
    void aFileOfNoCallerIsIgnored() throws IOException {
        Files.writeString(directory.resolve("stranger"), Sha256.hex("one"));

        assertThat(load(Map.of("a", setting("configured", null))).byToken("one"))
                .isEmpty();
    }

    @Test
    void aSubjectIsOfOneCaller() throws IOException {
        Callers callers = load(Map.of("a", setting("x", "system:serviceaccount:ns:a"), "b", setting("y", null)));

        assertThat(name(callers.bySubject("system:serviceaccount:ns:a"))).isEqualTo("a");
        assertThat(callers.bySubject("system:serviceaccount:ns:b")).isEmpty();
        assertThatThrownBy(() -> load(Map.of("a", setting("x", "same"), "b", setting("y", "same"))))
                .isInstanceOf(InvalidSettingException.class)
                .hasMessageContaining("gateway.callers.b.subject");
    }

    @Test
    void aLimitIsOneOrMore() {
        assertThatThrownBy(() -> load(Map.of("a", new Setting(List.of(), null, List.of("acme"), List.of("read"), 0))))
                .isInstanceOf(InvalidSettingException.class)
                .hasMessageContaining("gateway.callers.a.max-requests-per-second");
    }

    private static String name(Optional<Caller> caller) {
        return caller.map(Caller::name).orElse("nobody");
    }

    private static Setting setting(String token, @Nullable String subject) {
        return new Setting(List.of(Sha256.hex(token)), subject, List.of("acme"), List.of("read", "cancel"), null);
    }

    private Callers load(Map<String, Setting> settings) throws IOException {
        Callers callers = new Callers(new CallerProperties(directory, settings));
        callers.load();
        return callers;
    }
}
