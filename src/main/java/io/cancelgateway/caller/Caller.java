package io.cancelgateway.caller;

import io.cancelgateway.tenant.TenantId;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An internal service that the gateway knows.
 *
 * @param name its name in the configuration
 * @param everyTenant whether it serves every tenant ({@code *})
 * @param tenants the tenants that it serves, empty if it serves every tenant
 * @param permissions what it may do
 * @param maxRequestsPerSecond how many requests a replica takes from it in a second; null for no limit
 */
public record Caller(
        String name,
        boolean everyTenant,
        Set<TenantId> tenants,
        Set<Permission> permissions,
        @Nullable Integer maxRequestsPerSecond) {

    boolean serves(TenantId tenant) {
        return everyTenant || tenants.contains(tenant);
    }
}
