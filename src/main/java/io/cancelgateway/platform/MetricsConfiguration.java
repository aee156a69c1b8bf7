package io.cancelgateway.platform;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.config.MeterFilter;
import java.util.Map;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.info.BuildProperties;
import org.springframework.boot.info.GitProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Meters that belong to no other room, and what libraries leave out of theirs. */
@Configuration(proxyBeanMethods = false)
class MetricsConfiguration {

    private static final String UNKNOWN = "unknown";
    private static final String POOL = "reactor.netty.connection.provider.";

    /** The meters that their libraries register without a description. */
    private static final Map<String, String> DESCRIPTIONS = Map.ofEntries(
            Map.entry("http.server.requests", "Requests of callers, and how long they took"),
            Map.entry("http.server.requests.active", "Requests of callers that are under way"),
            Map.entry("http.client.requests", "Attempts of upstream requests, and how long they took"),
            Map.entry("http.client.requests.active", "Attempts of upstream requests that are under way"),
            Map.entry(POOL + "total.connections", "Connections to the upstream, in use or idle"),
            Map.entry(POOL + "active.connections", "Connections to the upstream that are in use"),
            Map.entry(POOL + "idle.connections", "Connections to the upstream that are idle"),
            Map.entry(POOL + "max.connections", "Connections to the upstream that there may be"),
            Map.entry(POOL + "pending.connections", "Attempts that wait for a connection to the upstream"),
            Map.entry(POOL + "pending.connections.time", "How long attempts waited for a connection to the upstream"),
            Map.entry(POOL + "max.pending.connections", "Attempts that may wait for a connection to the upstream"));

    /** Which version runs: 1, with the version and the commit as tags. */
    @Bean
    MeterBinder buildInfo(ObjectProvider<BuildProperties> build, ObjectProvider<GitProperties> git) {
        BuildProperties built = build.getIfAvailable();
        GitProperties committed = git.getIfAvailable();
        Tags tags = Tags.of(
                "version",
                built == null || built.getVersion() == null ? UNKNOWN : built.getVersion(),
                "commit",
                committed == null || committed.getShortCommitId() == null ? UNKNOWN : committed.getShortCommitId());
        return registry -> Gauge.builder("cancel.gateway.build.info", () -> 1)
                .description("The version that runs, and its commit")
                .tags(tags)
                .register(registry);
    }

    /** A scrape has a HELP line for each meter, and dashboards show it. */
    @Bean
    static MeterFilter missingDescriptions() {
        return new MeterFilter() {
            @Override
            public Meter.Id map(Meter.Id id) {
                String description = DESCRIPTIONS.get(id.getName());
                return id.getDescription() == null && description != null
                        ? new Meter.Id(
                                id.getName(),
                                Tags.of(id.getTagsAsIterable()),
                                id.getBaseUnit(),
                                description,
                                id.getType())
                        : id;
            }
        };
    }

    /** There is one pool. Its id is another one after each start, and would make new series then. */
    @Bean
    static MeterFilter poolWithoutId() {
        return new MeterFilter() {
            @Override
            public Meter.Id map(Meter.Id id) {
                return id.getName().startsWith(POOL)
                        ? id.replaceTags(id.getTags().stream()
                                .filter(tag -> !tag.getKey().equals("id"))
                                .toList())
                        : id;
            }
        };
    }
}
