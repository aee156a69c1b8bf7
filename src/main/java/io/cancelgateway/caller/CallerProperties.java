package io.cancelgateway.caller;

import java.util.List;
import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Who may call.
 *
 * @param callers the callers by name
 */
@ConfigurationProperties("gateway")
record CallerProperties(@DefaultValue Map<String, Setting> callers) {

    /**
     * One caller. Everything is text here and checked in {@link Callers}, whose messages name the key and not the value.
     *
     * @param tokenSha256 SHA-256 of each of its static tokens, in hex
     * @param tenants the tenant ids that it serves, or {@code *}
     * @param permissions {@code read}, {@code cancel}, or both
     */
    record Setting(
            @DefaultValue List<String> tokenSha256,
            @DefaultValue List<String> tenants,
            @DefaultValue({"read", "cancel"}) List<String> permissions) {

        @Override
        public String toString() {
            return "Setting[hidden]";
        }
    }
}
