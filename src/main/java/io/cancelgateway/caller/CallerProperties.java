package io.cancelgateway.caller;

import java.util.List;
import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The callers in the configuration.
 *
 * @param callers the callers by name
 */
@ConfigurationProperties("gateway")
record CallerProperties(@DefaultValue Map<String, Setting> callers) {

    /**
     * One caller. All values are text here. {@link Callers} checks them; its messages name the key, never the value.
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
