package io.cancelgateway.caller;

import io.cancelgateway.problem.Problem;
import io.cancelgateway.problem.ProblemException;
import io.cancelgateway.problem.ProblemType;
import io.cancelgateway.tenant.Tenant;
import io.cancelgateway.tenant.TenantId;
import io.cancelgateway.tenant.Tenants;
import java.util.List;
import java.util.Set;
import org.springframework.stereotype.Component;

/**
 * Selects the tenant of a request: the one that {@code X-Tenant-Id} names, or else the only one that its caller serves.
 */
@Component
public class TenantSelection {

    /** The header that names the tenant. */
    public static final String HEADER = "X-Tenant-Id";

    private final Tenants tenants;

    TenantSelection(Tenants tenants) {
        this.tenants = tenants;
    }

    /**
     * The tenant of this request, with a usable key.
     *
     * @param named the values of {@link #HEADER}, empty if it was not sent
     * @throws ProblemException {@code tenant_required} if none is named and the caller serves several,
     *     {@code parameter_invalid} if the header is malformed, or {@code tenant_not_allowed} if the tenant is unknown,
     *     has no usable key, or is not one of the caller's
     */
    public Tenant select(Caller caller, List<String> named) {
        TenantId id = named.isEmpty() ? only(caller) : parse(named);
        if (!caller.serves(id)) {
            throw notAllowed();
        }
        return tenants.find(id).orElseThrow(TenantSelection::notAllowed);
    }

    private static TenantId only(Caller caller) {
        if (caller.everyTenant() || caller.tenants().size() > 1) {
            throw Problem.of(
                            ProblemType.TENANT_REQUIRED,
                            "This caller serves several tenants; name one in " + HEADER + ".")
                    .toException();
        }
        return caller.tenants().stream().findFirst().orElseThrow(TenantSelection::notAllowed);
    }

    private static TenantId parse(List<String> named) {
        Set<String> distinct = Set.copyOf(named);
        if (distinct.size() > 1) {
            throw Problem.of(ProblemType.PARAMETER_INVALID, HEADER + " names several tenants.")
                    .toException();
        }
        return TenantId.parse(named.getFirst())
                .orElseThrow(() -> Problem.of(
                                ProblemType.PARAMETER_INVALID, HEADER + " is not a tenant id: " + TenantId.RULE + ".")
                        .toException());
    }

    /** One answer for all three reasons, so that a caller cannot find out which tenants exist. */
    private static ProblemException notAllowed() {
        return Problem.of(
                        ProblemType.TENANT_NOT_ALLOWED,
                        "This tenant is unknown, has no usable key, or is not one of this caller's.")
                .toException();
    }
}
