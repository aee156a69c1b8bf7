package io.cancelgateway.ledger;

import io.cancelgateway.tenant.TenantId;

/** The items of all of a tenant's batches that ended canceled through us. */
public record ItemTotal(TenantId tenant, long canceled, long ready, long failed) {}
