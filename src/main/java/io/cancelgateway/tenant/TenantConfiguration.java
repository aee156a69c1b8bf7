package io.cancelgateway.tenant;

import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class TenantConfiguration {

    @Bean
    Tenants tenants(TenantProperties properties) throws IOException {
        Tenants tenants = new Tenants(new KeySource(properties));
        tenants.load();
        return tenants;
    }

    @Bean
    KeyReload keyReload(Tenants tenants) {
        return new KeyReload(tenants);
    }

    @Bean
    TenantTags tenantTags(Tenants tenants, MetricsProperties properties) {
        TenantTags tags = new TenantTags(tenants, properties.maxTenants());
        tenants.onChange(tags::update);
        return tags;
    }

    /** Registered after the tags: its update reads them. */
    @Bean
    TenantMetrics tenantMetrics(Tenants tenants, TenantTags tags, MeterRegistry registry) {
        TenantMetrics metrics = new TenantMetrics(tenants, tags, registry);
        tenants.onChange(metrics::update);
        return metrics;
    }
}
