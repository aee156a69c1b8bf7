package io.cancelgateway.tenant;

import io.cancelgateway.platform.PeriodicReload;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.time.Clock;
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
    PeriodicReload keyReload(Tenants tenants) {
        return new PeriodicReload("key-reload", tenants::reload);
    }

    @Bean
    TenantTags tenantTags(Tenants tenants, MetricsProperties properties) {
        TenantTags tags = new TenantTags(tenants, properties.maxTenants());
        tenants.onChange(tags::update);
        return tags;
    }

    /** Registered after the tags: its update reads them. */
    @Bean
    TenantMetrics tenantMetrics(Tenants tenants, TenantTags tags, MeterRegistry registry, Clock clock) {
        TenantMetrics metrics = new TenantMetrics(tenants, tags, registry, clock);
        tenants.onReload(metrics::reloaded);
        tenants.onChange(metrics::update);
        return metrics;
    }
}
