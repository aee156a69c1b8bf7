package io.cancelgateway.caller;

import io.cancelgateway.caller.AuthFailures.Reason;
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
    private final AuthFailures failures;

    TenantSelection(Tenants tenants, AuthFailures failures) {
        this.tenants = tenants;
        this.failures = failures;
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
            throw notAllowed(caller);
        }
        return tenants.find(id).orElseThrow(() -> notAllowed(caller));
    }

    /** The tenants that it serves, sorted: as they are configured, or all that there are. */
    List<TenantId> of(Caller caller) {
        return (caller.everyTenant() ? tenants.ids() : caller.tenants())
                .stream().sorted().toList();
    }

    private TenantId only(Caller caller) {
        if (caller.everyTenant() || caller.tenants().size() > 1) {
            failures.refused(caller, Reason.TENANT_REQUIRED);
            throw Problem.of(
                            ProblemType.TENANT_REQUIRED,
                            "This caller serves several tenants; name one in " + HEADER + ".")
                    .toException();
        }
        return caller.tenants().stream().findFirst().orElseThrow(() -> notAllowed(caller));
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
    private ProblemException notAllowed(Caller caller) {
        failures.refused(caller, Reason.TENANT_NOT_ALLOWED);
        return Problem.of(
                        ProblemType.TENANT_NOT_ALLOWED,
                        "This tenant is unknown, has no usable key, or is not one of this caller's.")
                .toException();
    }
}
