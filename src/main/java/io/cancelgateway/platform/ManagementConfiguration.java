package io.cancelgateway.platform;

import java.util.Set;
import org.springframework.boot.actuate.endpoint.EndpointFilter;
import org.springframework.boot.actuate.endpoint.web.ExposableWebEndpoint;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Limits the management port to health, info and metrics, whatever exposure is configured. */
@Configuration(proxyBeanMethods = false)
class ManagementConfiguration {

    private static final Set<String> SHOWN = Set.of("health", "info", "prometheus");

    @Bean
    EndpointFilter<ExposableWebEndpoint> shownEndpoints() {
        return endpoint -> SHOWN.contains(endpoint.getEndpointId().toLowerCaseString());
    }
}
