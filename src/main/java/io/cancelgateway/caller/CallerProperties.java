package io.cancelgateway.caller;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The callers in the configuration.
 *
 * @param callersDir a directory with one file per caller, its name the caller's, its content the SHA-256 of each of its
 *     static tokens; a mounted Kubernetes Secret
 * @param callers the callers by name
 */
@ConfigurationProperties("gateway")
record CallerProperties(
        @Nullable Path callersDir, @DefaultValue Map<String, Setting> callers) {

    /**
     * One caller. {@link Callers} checks the texts; its messages name the key, never the value.
     *
     * @param tokenSha256 SHA-256 of each of its static tokens, in hex; a file in the directory replaces them
     * @param subject the {@code sub} of its JWTs
     * @param tenants the tenant ids that it serves, or {@code *}
     * @param permissions {@code read}, {@code cancel}, or both
     * @param maxRequestsPerSecond how many requests a replica takes from it in a second, from 1; null for no limit
     */
    record Setting(
            @DefaultValue List<String> tokenSha256,
            @Nullable String subject,
            @DefaultValue List<String> tenants,
            @DefaultValue({"read", "cancel"}) List<String> permissions,
            @Nullable Integer maxRequestsPerSecond) {

        @Override
        public String toString() {
            return "Setting[hidden]";
        }
    }
}
