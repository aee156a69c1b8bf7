package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.cancelgateway.platform.InvalidSettingException;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EgressProxyTests {

    private static final String UPSTREAM = "https://api.twelvelabs.io/v1.3";

    @Test
    void isTheOneOfTheSettingsWhateverTheEnvironmentSays() {
        assertThat(proxy(UPSTREAM, settings("one.internal", 3128, null), Map.of("HTTPS_PROXY", "two.internal:3128")))
                .contains(new EgressProxy("one.internal", 3128, null, null));
    }

    @Test
    void isNoneWhereNothingNamesOne() {
        assertThat(proxy(UPSTREAM, settings(null, null, null), Map.of())).isEmpty();
        assertThat(proxy(UPSTREAM, settings(" ", null, null), Map.of("HTTPS_PROXY", "")))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "https://api.example.com, HTTPS_PROXY, true",
        "https://api.example.com, https_proxy, true",
        "https://api.example.com, HTTP_PROXY, false",
        "http://api.example.com, HTTP_PROXY, true",
        "http://api.example.com, http_proxy, true",
        "http://api.example.com, HTTPS_PROXY, false"
    })
    void ofTheEnvironmentGoesByTheUpstreamsScheme(String upstream, String variable, boolean used) {
        assertThat(environment(upstream, Map.of(variable, "proxy:1")).isPresent())
                .isEqualTo(used);
    }

    @ParameterizedTest
    @CsvSource({
        "http://proxy.internal:3128, proxy.internal, 3128, , ",
        "http://proxy.internal:3128/, proxy.internal, 3128, , ",
        "proxy.internal:3128, proxy.internal, 3128, , ",
        "HTTP://proxy.internal, proxy.internal, 80, , ",
        "http://me:a%40b%3Ac+d@proxy.internal:3128, proxy.internal, 3128, me, a@b:c+d",
        "http://me:@proxy.internal:3128, proxy.internal, 3128, me, ''"
    })
    void ofTheEnvironmentIsRead(
            String address, String host, int port, @Nullable String username, @Nullable String password) {
        assertThat(environment(UPSTREAM, Map.of("HTTPS_PROXY", address)))
                .contains(new EgressProxy(host, port, username, password));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://me:secret@proxy:3128",
                "socks5://me:secret@proxy:1080",
                "http://me:sec ret@proxy:3128",
                "http://me:secret@",
                "http://me:sec%zzret@proxy:3128",
                "://secret"
            })
    void ofTheEnvironmentThatCannotBeUsedStopsTheStartAndIsNotPrinted(String address) {
        assertThatExceptionOfType(InvalidSettingException.class)
                .isThrownBy(() -> environment(UPSTREAM, Map.of("HTTPS_PROXY", address)))
                .withMessageStartingWith("HTTPS_PROXY must be")
                .withMessageNotContaining("secret")
                .withNoCause();
    }

    @ParameterizedTest
    @CsvSource({
        "*, true",
        "api.twelvelabs.io, true",
        "'localhost, API.twelvelabs.io', true",
        "other|api.twelvelabs.io, true",
        ".twelvelabs.io, true",
        "*.twelvelabs.io, true",
        ".api.twelvelabs.io, true",
        "twelvelabs.io, false",
        ".labs.io, false",
        "'10.0.0.0/8,,.svc', false",
        "'', false"
    })
    void isNotUsedForTheHostsThatAreListed(String hosts, boolean listed) {
        assertThat(proxy(UPSTREAM, settings("proxy", 3128, hosts), Map.of()).isEmpty())
                .isEqualTo(listed);
        assertThat(environment(UPSTREAM, Map.of("HTTPS_PROXY", "proxy:1", "no_proxy", hosts))
                        .isEmpty())
                .isEqualTo(listed);
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1", "http://a.localhost"})
    void isUsedForTheLoopbackOnlyIfTheSettingsListOtherHostsOrNone(String upstream) {
        assertThat(proxy(upstream, settings("proxy", 3128, null), Map.of())).isEmpty();
        assertThat(environment(upstream, Map.of("HTTP_PROXY", "proxy:1"))).isEmpty();
        assertThat(proxy(upstream, settings("proxy", 3128, ""), Map.of())).isPresent();
        assertThat(proxy(upstream, settings(null, null, ""), Map.of("HTTP_PROXY", "proxy:1")))
                .isPresent();
    }

    @Test
    void needsAPortAndAPasswordBesideAUserName() {
        assertThatExceptionOfType(InvalidSettingException.class)
                .isThrownBy(() -> proxy(UPSTREAM, settings("proxy", null, null), Map.of()))
                .withMessageStartingWith("gateway.upstream.proxy.port must be");
        assertThatExceptionOfType(InvalidSettingException.class)
                .isThrownBy(() -> proxy(UPSTREAM, new ProxyProperties("proxy", 3128, "me", null, null), Map.of()))
                .withMessageStartingWith("gateway.upstream.proxy.password must be");
    }

    @Test
    void doesNotPrintItsCredentials() {
        assertThat(new EgressProxy("proxy", 3128, "me", "secret")).hasToString("proxy:3128");
        assertThat(new ProxyProperties("proxy", 3128, "me", "secret", null).toString())
                .doesNotContain("me,", "secret");
    }

    private static Optional<EgressProxy> environment(String upstream, Map<String, String> variables) {
        return proxy(upstream, settings(null, null, null), variables);
    }

    private static Optional<EgressProxy> proxy(
            String upstream, ProxyProperties settings, Map<String, String> variables) {
        return EgressProxy.of(URI.create(upstream), settings, variables::get);
    }

    private static ProxyProperties settings(
            @Nullable String host, @Nullable Integer port, @Nullable String nonProxyHosts) {
        return new ProxyProperties(host, port, null, null, nonProxyHosts);
    }
}
