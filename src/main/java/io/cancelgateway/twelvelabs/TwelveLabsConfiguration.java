package io.cancelgateway.twelvelabs;

import io.cancelgateway.platform.InvalidSettingException;
import io.cancelgateway.platform.Sleeper;
import io.cancelgateway.platform.Ticker;
import io.cancelgateway.tenant.TenantTags;
import io.cancelgateway.tenant.Tenants;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import io.netty.channel.ChannelOption;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.net.URI;
import java.time.Clock;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.random.RandomGenerator;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslOptions;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.client.reactive.ReactorClientHttpConnector;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Hooks;
import reactor.netty.NettyPipeline;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.transport.ProxyProvider;

@Configuration(proxyBeanMethods = false)
class TwelveLabsConfiguration {

    private static final Logger log = LoggerFactory.getLogger(TwelveLabsConfiguration.class);

    @Bean
    IdleConnections idleConnections(UpstreamProperties properties, Clock clock) {
        return new IdleConnections(properties.maxIdleTime(), clock);
    }

    @Bean(destroyMethod = "dispose")
    ConnectionProvider upstreamConnections(UpstreamProperties properties, IdleConnections idle) {
        return ConnectionProvider.builder("upstream")
                .maxConnections(properties.maxConnections())
                .evictionPredicate(idle)
                .evictInBackground(properties.maxIdleTime())
                // the bulkheads limit how many calls can wait
                .pendingAcquireMaxCount(-1)
                .pendingAcquireTimeout(properties.connectTimeout())
                // reuse the newest idle connection first, so that those not needed reach their idle time
                .lifo()
                .metrics(true)
                .build();
    }

    @Bean
    WebClient upstream(
            WebClient.Builder builder,
            ConnectionProvider connections,
            UpstreamProperties properties,
            ProxyProperties proxyProperties,
            SslBundles bundles,
            Environment environment) {
        String baseUrl = baseUrl(properties.baseUrl());
        Optional<EgressProxy> proxy = EgressProxy.of(properties.baseUrl(), proxyProperties, environment::getProperty);
        proxy.ifPresent(way -> log.info("The upstream is reached by way of the proxy {}", way));
        HttpClient http = HttpClient.create(connections)
                .protocol(HttpProtocol.HTTP11)
                // the client would repeat a POST on a broken connection; retries are decided and counted here only
                .disableRetry(true)
                .doOnChannelInit((observer, channel, remote) ->
                        channel.pipeline().addAfter(NettyPipeline.HttpCodec, "responseHeads", new ResponseHeads()))
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int)
                        properties.connectTimeout().toMillis());
        if (properties.sslBundle() != null) {
            http = trusting(http, bundles.getBundle(properties.sslBundle()));
        }
        if (proxy.isPresent()) {
            http = byWayOf(http, proxy.get(), properties);
        }
        // What comes after its attempt was over, such as a response in the moment of the timeout, is an error of
        // nobody.
        // Reactor would print a stack trace, and with it what the upstream sent
        Hooks.onErrorDropped(dropped -> log.debug(
                "Came after its attempt was over: {}", dropped.getClass().getName()));
        return builder.baseUrl(baseUrl)
                .observationRegistry(ObservationRegistry.NOOP) // each attempt is observed, see AttemptObservation
                .clientConnector(new ReactorClientHttpConnector(http))
                .defaultHeader(HttpHeaders.ACCEPT, MediaType.APPLICATION_JSON_VALUE)
                .defaultHeader(HttpHeaders.USER_AGENT, "cancel-gateway")
                .filter(MalformedResponseException::replaceClientException)
                .filter(ProxyFailedException::replaceClientException)
                .build();
    }

    /** The host name is checked all the same. A certificate of our own that the bundle has is shown. */
    private static HttpClient trusting(HttpClient http, SslBundle bundle) {
        try {
            SslOptions options = bundle.getOptions();
            SslContext context = SslContextBuilder.forClient()
                    .trustManager(bundle.getManagers().getTrustManagerFactory())
                    .keyManager(bundle.getManagers().getKeyManagerFactory())
                    .ciphers(SslOptions.asSet(options.getCiphers()))
                    .protocols(options.getEnabledProtocols())
                    .build();
            return http.secure(tls -> tls.sslContext(context));
        } catch (SSLException e) {
            throw new IllegalStateException("The SSL bundle of the upstream cannot be used", e);
        }
    }

    private static HttpClient byWayOf(HttpClient http, EgressProxy proxy, UpstreamProperties properties) {
        return http.proxy(type -> {
            ProxyProvider.Builder builder = type.type(ProxyProvider.Proxy.HTTP)
                    .host(proxy.host())
                    .port(proxy.port())
                    .connectTimeoutMillis(properties.connectTimeout().toMillis());
            if (proxy.username() != null) {
                String password = Objects.requireNonNullElse(proxy.password(), "");
                builder.username(proxy.username()).password(_ -> password);
            }
        });
    }

    private static String baseUrl(URI url) {
        String scheme = url.getScheme() == null ? "" : url.getScheme().toLowerCase(Locale.ROOT);
        if (!(scheme.equals("http") || scheme.equals("https"))
                || url.getHost() == null
                || url.getUserInfo() != null
                || url.getQuery() != null
                || url.getFragment() != null) {
            throw new InvalidSettingException(
                    "gateway.upstream.base-url",
                    "must be an absolute http or https address without user, query or fragment");
        }
        return url.toString().replaceAll("/+$", "");
    }

    @Bean
    Breaker upstreamBreaker(CircuitBreakerRegistry registry, Ticker ticker) {
        return Breaker.ofUpstream(registry.circuitBreaker("upstream", "upstream"), ticker);
    }

    /** The tenants' breakers are not in the registry, whose meters would be about a dozen series for each breaker. */
    @Bean
    Lanes lanes(
            CircuitBreakerRegistry registry,
            Breaker upstreamBreaker,
            BulkheadProperties bulkhead,
            RetryProperties retry,
            Tenants tenants,
            Ticker ticker) {
        CircuitBreakerConfig config = registry.getConfiguration("tenant")
                .orElseThrow(() -> new InvalidSettingException(
                        "resilience4j.circuitbreaker.configs.tenant", "must be there, as it is by default"));
        Lanes lanes = new Lanes(id -> new Lane(
                new Bulkhead(bulkhead.maxConcurrentCalls()),
                new Pause(ticker),
                Breaker.ofTenant(CircuitBreaker.of("tenant-" + id, config), ticker),
                upstreamBreaker,
                new RetryBudget(
                        retry.budgetRatio(),
                        retry.budgetFloor(),
                        ticker,
                        () -> log.atWarn()
                                .addKeyValue("tenant", id)
                                .log(
                                        "The retry budget of tenant {} is used up: its calls are not retried for now",
                                        id))));
        tenants.onChange(() -> lanes.retain(tenants.ids()));
        return lanes;
    }

    @Bean
    LaneMetrics laneMetrics(Lanes lanes, Tenants tenants, TenantTags tags, MeterRegistry meters) {
        return new LaneMetrics(lanes, tenants, tags, meters);
    }

    @Bean
    TwelveLabs twelveLabs(
            WebClient upstream,
            IdleConnections idle,
            MeterRegistry meters,
            ObservationRegistry observations,
            UpstreamProperties properties,
            RetryProperties retry,
            Lanes lanes,
            Tenants tenants,
            Clock clock,
            Ticker ticker,
            Sleeper sleeper,
            RandomGenerator random) {
        Counter budgetExhausted = Counter.builder("cancel.gateway.retry.budget.exhausted")
                .description("Retries not made because the tenant's budget was used up")
                .register(meters);
        Backoff backoff = new Backoff(retry.baseDelay(), retry.maxDelay(), random);
        Call.Collaborators collaborators = new Call.Collaborators(
                new WebClientAttempts(
                        upstream,
                        idle,
                        new BatchReader(),
                        meters,
                        new AttemptObservation.Source(observations, properties.baseUrl()),
                        ticker),
                new RetryDecision(retry.maxAttempts(), backoff, clock, budgetExhausted::increment),
                tenants,
                sleeper,
                properties.attemptTimeout());
        return new HttpTwelveLabs(collaborators, lanes, properties, ticker);
    }
}
