package io.cancelgateway.twelvelabs;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * The HTTP proxy on the way to the upstream.
 *
 * @param host null or blank for what the environment says, as {@link EgressProxy} reads it
 * @param port from 1 to 65535; needed beside a host
 * @param username null for a proxy that asks for no credentials
 * @param password needed beside a user name
 * @param nonProxyHosts hosts that are reached without the proxy, separated by commas or {@code |}: a name, or a domain
 *     that begins with a dot or {@code *.}, or {@code *}. Null for the loopback hosts and, where the proxy comes from
 *     the environment, its {@code NO_PROXY}
 */
@ConfigurationProperties("gateway.upstream.proxy")
record ProxyProperties(
        @Nullable String host,
        @Nullable Integer port,
        @Nullable String username,
        @Nullable String password,
        @Nullable String nonProxyHosts) {

    /** Without the credentials. */
    @Override
    public String toString() {
        return "ProxyProperties[host=" + host + ", port=" + port + "]";
    }
}
