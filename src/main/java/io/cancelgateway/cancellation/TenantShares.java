package io.cancelgateway.cancellation;

import io.cancelgateway.tenant.TenantId;
import java.util.HashMap;
import java.util.Map;

/**
 * Limits how many follow-ups of one tenant run at once on this replica, so that a slow account leaves threads of the
 * scheduler to the others. Safe for use by many threads.
 */
final class TenantShares {

    private final int most;
    private final Map<TenantId, Integer> running = new HashMap<>();

    /** @param threads the scheduler's threads; a tenant gets a quarter of them, and one at least */
    TenantShares(int threads) {
        this.most = Math.max(1, threads / 4);
    }

    /** Takes one of the tenant's threads, unless all are taken. Whoever gets true must {@link #release} it. */
    synchronized boolean tryAcquire(TenantId tenant) {
        if (running.getOrDefault(tenant, 0) >= most) {
            return false;
        }
        running.merge(tenant, 1, Integer::sum);
        return true;
    }

    synchronized void release(TenantId tenant) {
        running.computeIfPresent(tenant, (_, count) -> count == 1 ? null : count - 1);
    }
}
