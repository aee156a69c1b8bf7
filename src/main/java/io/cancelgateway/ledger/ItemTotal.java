package io.cancelgateway.ledger;

import io.cancelgateway.tenant.TenantId;

/** The items of all batches of a tenant that ended canceled through us, by result; each 0 or more. */
public record ItemTotal(TenantId tenant, long canceled, long ready, long failed) {}
