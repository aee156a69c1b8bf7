package io.cancelgateway.tenant;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Where tenants' keys come from.
 *
 * @param tenantsDir a directory with one file per tenant, its name the tenant id, its content the key; a mounted
 *     Kubernetes Secret
 * @param tenants keys given as settings, for development; if both name a tenant, the directory wins
 */
@ConfigurationProperties("gateway")
record TenantProperties(
        @Nullable Path tenantsDir, @DefaultValue Map<String, Setting> tenants) {

    /** @param apiKey the tenant's upstream key */
    record Setting(@Nullable String apiKey) {

        @Override
        public String toString() {
            return "Setting[hidden]";
        }
    }
}
