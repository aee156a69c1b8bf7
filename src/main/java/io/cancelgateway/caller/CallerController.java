package io.cancelgateway.caller;

import io.cancelgateway.tenant.TenantId;
import java.util.List;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Tells a caller who it is. */
@RestController
class CallerController {

    static final String PATH = "/v1/caller";

    private final TenantSelection tenants;

    CallerController(TenantSelection tenants) {
        this.tenants = tenants;
    }

    /**
     * A caller, as it is shown to itself.
     *
     * @param name its name in the configuration
     * @param tenants the tenants that it serves, sorted
     * @param permissions what it may do
     */
    record CallerView(String name, List<String> tenants, List<String> permissions) {}

    @GetMapping(PATH)
    CallerView caller(@AuthenticationPrincipal Caller caller) {
        return new CallerView(
                caller.name(),
                tenants.of(caller).stream().map(TenantId::value).toList(),
                caller.permissions().stream().map(Permission::word).sorted().toList());
    }
}
