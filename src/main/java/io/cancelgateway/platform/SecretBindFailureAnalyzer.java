package io.cancelgateway.platform;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/**
 * Runs before Spring Boot's own analyzer, which prints the value that could not be bound. Under {@code gateway.tenants}
 * and {@code gateway.callers} that value may be an API key or a token, set one level too high.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
class SecretBindFailureAnalyzer extends AbstractFailureAnalyzer<BindException> {

    private static final ConfigurationPropertyName GATEWAY = ConfigurationPropertyName.of("gateway");
    private static final ConfigurationPropertyName TENANTS = ConfigurationPropertyName.of("gateway.tenants");
    private static final ConfigurationPropertyName CALLERS = ConfigurationPropertyName.of("gateway.callers");

    @Override
    protected @Nullable FailureAnalysis analyze(Throwable rootFailure, BindException cause) {
        ConfigurationPropertyName name = cause.getName();
        if (TENANTS.equals(name) || TENANTS.isAncestorOf(name)) {
            return analysis(
                    name,
                    "tenants are given as gateway.tenants.<id>.api-key; the directory of key files is"
                            + " gateway.tenants-dir (environment variable GATEWAY_TENANTSDIR)",
                    cause);
        }
        if (CALLERS.equals(name) || CALLERS.isAncestorOf(name)) {
            return analysis(
                    name, "callers are given as gateway.callers.<name>.token-sha256, .tenants and .permissions", cause);
        }
        return GATEWAY.equals(name) ? analysis(name, "it does not have the expected form", cause) : null;
    }

    private static FailureAnalysis analysis(ConfigurationPropertyName name, String reason, BindException cause) {
        return new FailureAnalysis(
                "The setting " + name + " cannot be read: " + reason + ". Its value is not shown, it may be a secret.",
                "Correct " + name + " (docs/CONFIGURATION.md) and start again.",
                cause);
    }
}
