package io.cancelgateway.ledger;

import io.cancelgateway.tenant.TenantId;
import java.util.regex.Pattern;

/**
 * The key of a cancellation. There is one cancellation for each batch of a tenant.
 *
 * @param batchId 24 hex digits in lower case
 */
public record CancellationKey(TenantId tenant, String batchId) {

    private static final Pattern BATCH_ID = Pattern.compile("[0-9a-f]{24}");

    /** @throws IllegalArgumentException if {@code batchId} does not have this form */
    public CancellationKey {
        if (!BATCH_ID.matcher(batchId).matches()) {
            throw new IllegalArgumentException("A batch id is 24 hex digits, here in lower case");
        }
    }
}
