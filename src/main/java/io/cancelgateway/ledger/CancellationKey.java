package io.cancelgateway.ledger;

import io.cancelgateway.tenant.TenantId;
import java.util.regex.Pattern;

/**
 * Names a cancellation: there is one for each batch of a tenant.
 *
 * @param batchId 24 hex digits in lower case
 */
public record CancellationKey(TenantId tenant, String batchId) {

    private static final Pattern BATCH_ID = Pattern.compile("[0-9a-f]{24}");

    public CancellationKey {
        if (!BATCH_ID.matcher(batchId).matches()) {
            throw new IllegalArgumentException("A batch id is 24 hex digits, here in lower case");
        }
    }
}
