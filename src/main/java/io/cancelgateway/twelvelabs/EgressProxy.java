package io.cancelgateway.twelvelabs;

import io.cancelgateway.platform.InvalidSettingException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.web.util.UriUtils;

/**
 * The HTTP proxy by which the upstream is reached. It is asked for a tunnel (RFC 9110, section 9.3.6), so it sees no
 * key if the upstream speaks TLS.
 *
 * @param username null for a proxy that asks for no credentials
 */
record EgressProxy(
        String host,
        int port,
        @Nullable String username,
        @Nullable String password) {

    private static final String PREFIX = "gateway.upstream.proxy.";

    private static final int MAX_PORT = 65_535;

    /** Of an address in the environment without a port: that of its scheme. */
    private static final int DEFAULT_PORT = 80;

    /**
     * The proxy for this upstream, from the settings, else from the environment: {@code HTTPS_PROXY} or
     * {@code HTTP_PROXY}, by the upstream's scheme, and {@code NO_PROXY}, each in capitals or in small letters.
     *
     * @param environment the value of a variable, or null
     * @return empty if the upstream is reached without a proxy
     * @throws InvalidSettingException if what names the proxy cannot be used
     */
    static Optional<EgressProxy> of(
            URI upstream, ProxyProperties settings, Function<String, @Nullable String> environment) {
        Optional<EgressProxy> configured = configured(settings);
        Optional<EgressProxy> proxy =
                configured.isPresent() ? configured : fromEnvironment(upstream.getScheme(), environment);
        String host = upstream.getHost().toLowerCase(Locale.ROOT);
        @Nullable String nonProxyHosts = settings.nonProxyHosts();
        if (nonProxyHosts != null) {
            return proxy.filter(_ -> !lists(nonProxyHosts, host));
        }
        String others = configured.isPresent() ? "" : Objects.requireNonNullElse(value("NO_PROXY", environment), "");
        return proxy.filter(_ -> !isLoopback(host) && !lists(others, host));
    }

    private static Optional<EgressProxy> configured(ProxyProperties settings) {
        @Nullable String host = settings.host();
        if (host == null || host.isBlank()) {
            return Optional.empty();
        }
        if (settings.port() == null || settings.port() < 1 || settings.port() > MAX_PORT) {
            throw new InvalidSettingException(PREFIX + "port", "must be from 1 to 65535, beside " + PREFIX + "host");
        }
        if (isBlank(settings.username())) {
            return Optional.of(new EgressProxy(host.strip(), settings.port(), null, null));
        }
        if (settings.password() == null) {
            throw new InvalidSettingException(PREFIX + "password", "must be set, beside " + PREFIX + "username");
        }
        return Optional.of(new EgressProxy(host.strip(), settings.port(), settings.username(), settings.password()));
    }

    private static Optional<EgressProxy> fromEnvironment(
            String scheme, Function<String, @Nullable String> environment) {
        String name = scheme.toUpperCase(Locale.ROOT) + "_PROXY";
        @Nullable String value = value(name, environment);
        return value == null ? Optional.empty() : Optional.of(parse(name, value));
    }

    private static @Nullable String value(String name, Function<String, @Nullable String> environment) {
        return Stream.of(name, name.toLowerCase(Locale.ROOT))
                .map(environment)
                .filter(value -> !isBlank(value))
                .findFirst()
                .orElse(null);
    }

    private static EgressProxy parse(String name, String value) {
        String text = value.strip();
        try {
            URI address = new URI(text.contains("://") ? text : "http://" + text);
            if ("http".equalsIgnoreCase(address.getScheme()) && address.getHost() != null) {
                int port = address.getPort() < 0 ? DEFAULT_PORT : address.getPort();
                @Nullable String credentials = address.getRawUserInfo();
                if (credentials == null) {
                    return new EgressProxy(address.getHost(), port, null, null);
                }
                int colon = credentials.indexOf(':');
                return new EgressProxy(
                        address.getHost(),
                        port,
                        decoded(colon < 0 ? credentials : credentials.substring(0, colon)),
                        colon < 0 ? "" : decoded(credentials.substring(colon + 1)));
            }
        } catch (URISyntaxException | IllegalArgumentException e) {
            // its message repeats the address, which may have a password
        }
        throw new InvalidSettingException(
                name,
                "must be the address of an HTTP proxy, such as http://proxy.internal:3128;"
                        + " special characters of a user name and a password are percent-encoded");
    }

    private static String decoded(String text) {
        return UriUtils.decode(text, StandardCharsets.UTF_8);
    }

    private static boolean lists(String hosts, String host) {
        return Stream.of(hosts.split("[,|]"))
                .map(entry -> entry.strip().toLowerCase(Locale.ROOT))
                .anyMatch(entry -> matches(entry, host));
    }

    private static boolean matches(String entry, String host) {
        if (entry.equals("*")) {
            return true;
        }
        String domain = entry.startsWith("*.") ? entry.substring(1) : entry;
        return domain.startsWith(".") ? host.endsWith(domain) || host.equals(domain.substring(1)) : host.equals(domain);
    }

    private static boolean isLoopback(String host) {
        return host.equals("localhost")
                || host.endsWith(".localhost")
                || host.startsWith("127.")
                || host.equals("[::1]");
    }

    private static boolean isBlank(@Nullable String text) {
        return text == null || text.isBlank();
    }

    /** Without the credentials. */
    @Override
    public String toString() {
        return host + ":" + port;
    }
}
