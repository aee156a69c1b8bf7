package io.cancelgateway.platform;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.web.WebEndpointProperties;
import org.springframework.boot.actuate.autoconfigure.web.server.ConditionalOnManagementPort;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementPortType;
import org.springframework.boot.actuate.endpoint.web.WebEndpointsSupplier;
import org.springframework.boot.health.actuate.endpoint.HealthEndpointGroups;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;

/**
 * Puts {@link ManagementPage} on the management port. That port has an application context of its own, which gets its
 * beans from the file {@code ManagementContextConfiguration.imports}. This is no {@code @Configuration}, or it would be
 * found for the port of callers too.
 */
@ConditionalOnManagementPort(ManagementPortType.DIFFERENT)
class ManagementPageConfiguration {

    @Bean
    ServletRegistrationBean<ManagementPage> managementPage(
            WebEndpointsSupplier endpoints,
            WebEndpointProperties properties,
            ObjectProvider<HealthEndpointGroups> healthGroups) {
        // the empty mapping is the root alone: all else stays with the endpoints
        return new ServletRegistrationBean<>(
                new ManagementPage(endpoints, properties, healthGroups.getIfAvailable()), "");
    }
}
