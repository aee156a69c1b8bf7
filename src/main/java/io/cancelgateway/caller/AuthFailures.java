package io.cancelgateway.caller;

import io.cancelgateway.platform.AuditEvent;
import io.cancelgateway.platform.AuditEvent.Action;
import io.cancelgateway.platform.AuditEvent.Field;
import io.cancelgateway.platform.LimitedLog;
import io.cancelgateway.platform.Ticker;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.servlet.http.HttpServletRequest;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import org.springframework.http.server.PathContainer;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.stereotype.Component;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;
import org.springframework.web.util.pattern.PathPattern;
import org.springframework.web.util.pattern.PathPatternParser;

/**
 * Counts the requests that were refused for who sent them, and writes an audit event for each. A flood of them is cut
 * to 10 events a second for each reason and caller; the event tells how many were left out.
 */
@Component
class AuthFailures {

    private static final String UNKNOWN = "unknown";

    /** What is logged of a path: never what the caller made up. */
    private static final List<PathPattern> PATHS = List.of(
                    "/v1.3/analyze/batches",
                    "/v1.3/analyze/batches/{batch_id}",
                    "/v1.3/analyze/batches/{batch_id}/cancel",
                    "/v1/cancellations",
                    "/v1/cancellations/{batch_id}",
                    "/v1/caller")
            .stream()
            .map(PathPatternParser.defaultInstance::parse)
            .toList();

    private final LimitedLog<Kind> lines;
    private final Map<Reason, Counter> counters = new EnumMap<>(Reason.class);

    private record Kind(Reason reason, String caller) {}

    /** Why a request was refused. */
    enum Reason {
        /** No credential, or a bad one. */
        UNAUTHORIZED,
        /** Two different credentials. */
        CREDENTIAL_CONFLICT,
        /** The caller lacks the permission. */
        PERMISSION_DENIED,
        /** The caller serves several tenants and named none. */
        TENANT_REQUIRED,
        /** The tenant is unknown, has no usable key, or is not the caller's. */
        TENANT_NOT_ALLOWED;

        /** The word in meter tags and in the log. */
        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    AuthFailures(MeterRegistry registry, Ticker ticker) {
        lines = new LimitedLog<>(ticker);
        for (Reason reason : Reason.values()) {
            counters.put(
                    reason,
                    Counter.builder("cancel.gateway.auth.failures")
                            .description("Requests that were refused for who sent them")
                            .tag("reason", reason.word())
                            .register(registry));
        }
    }

    /** The caller of the request that this thread works on, or null if none was found. */
    static @Nullable Caller caller() {
        return SecurityContextHolder.getContext().getAuthentication() instanceof CallerAuthentication known
                ? known.getPrincipal()
                : null;
    }

    /** Notes that the request that this thread works on was refused. */
    void refused(Caller caller, Reason reason) {
        if (RequestContextHolder.getRequestAttributes() instanceof ServletRequestAttributes current) {
            refused(current.getRequest(), caller, reason);
        }
    }

    /** @param caller null if it is not known */
    void refused(HttpServletRequest request, @Nullable Caller caller, Reason reason) {
        Objects.requireNonNull(counters.get(reason)).increment();
        String name = caller == null ? UNKNOWN : caller.name();
        lines.next(new Kind(reason, name))
                .ifPresent(leftOut -> AuditEvent.of(Action.REFUSAL, Level.WARN)
                        .with(Field.CALLER, name)
                        .with(Field.SOURCE_ADDRESS, request.getRemoteAddr())
                        .with(Field.METHOD, method(request))
                        .with(Field.PATH, path(request))
                        .with(Field.REASON, reason.word())
                        .with(Field.LEFT_OUT, leftOut)
                        .log(
                                "Refused {} {} by caller {} from {}: {}; {} like it before were not logged",
                                method(request),
                                path(request),
                                name,
                                request.getRemoteAddr(),
                                reason.word(),
                                leftOut));
    }

    private static String method(HttpServletRequest request) {
        return switch (request.getMethod()) {
            case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" -> request.getMethod();
            default -> "other";
        };
    }

    private static String path(HttpServletRequest request) {
        PathContainer path = PathContainer.parsePath(request.getRequestURI());
        return PATHS.stream()
                .filter(pattern -> pattern.matches(path))
                .findFirst()
                .map(PathPattern::getPatternString)
                .orElse("other");
    }
}
