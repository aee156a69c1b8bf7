package io.cancelgateway.tenant;

/**
 * A tenant with a usable key.
 *
 * @param id its name
 * @param key its upstream key at the time of the lookup
 */
public record Tenant(TenantId id, ApiKey key) {}
