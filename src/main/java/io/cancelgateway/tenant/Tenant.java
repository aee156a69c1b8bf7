package io.cancelgateway.tenant;

/**
 * A tenant with a usable key.
 *
 * @param id its name
 * @param key its upstream key, as of the time it was looked up
 */
public record Tenant(TenantId id, ApiKey key) {}
