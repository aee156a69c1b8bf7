package io.cancelgateway.twelvelabs;

import io.cancelgateway.platform.InvalidSettingException;
import io.cancelgateway.platform.Ticker;
import io.cancelgateway.tenant.Tenants;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.ChannelOption;
import java.net.URI;
import java.time.Clock;
import java.util.Locale;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.client.reactive.ReactorClientHttpConnector;
import org.springframework.web.reactive.function.client.ClientRequest;
import org.springframework.web.reactive.function.client.ClientResponse;
import org.springframework.web.reactive.function.client.ExchangeFunction;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Mono;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;
import tools.jackson.databind.json.JsonMapper;

@Configuration(proxyBeanMethods = false)
class TwelveLabsConfiguration {

    /** A batch object has about a kilobyte; what is longer than this is not one. */
    private static final int MAX_BODY_BYTES = 1024 * 1024;

    @Bean(destroyMethod = "dispose")
    ConnectionProvider upstreamConnections(UpstreamProperties properties) {
        return ConnectionProvider.builder("upstream")
                .maxConnections(properties.maxConnections())
                .maxIdleTime(properties.maxIdleTime())
                .evictInBackground(properties.maxIdleTime())
                // an attempt's own timeout bounds its wait for a connection
                .pendingAcquireMaxCount(-1)
                .pendingAcquireTimeout(properties.attemptTimeout())
                // the warmest connection first, so that those not needed grow old and go
                .lifo()
                .build();
    }

    @Bean
    WebClient upstream(WebClient.Builder builder, ConnectionProvider connections, UpstreamProperties properties) {
        HttpClient http = HttpClient.create(connections)
                .protocol(HttpProtocol.HTTP11)
                // retries are ours to decide and to count: the client would repeat a POST on a broken connection
                .disableRetry(true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int)
                        properties.connectTimeout().toMillis());
        return builder.baseUrl(baseUrl(properties.baseUrl()))
                .clientConnector(new ReactorClientHttpConnector(http))
                .defaultHeader(HttpHeaders.ACCEPT, MediaType.APPLICATION_JSON_VALUE)
                .defaultHeader(HttpHeaders.USER_AGENT, "cancel-gateway")
                .codecs(codecs -> codecs.defaultCodecs().maxInMemorySize(MAX_BODY_BYTES))
                .filter(TwelveLabsConfiguration::traceparentAlone)
                .build();
    }

    /** The vendor learns which trace a request belongs to, and nothing that callers put into it. */
    private static Mono<ClientResponse> traceparentAlone(ClientRequest request, ExchangeFunction next) {
        return request.headers().containsHeader("tracestate")
                ? next.exchange(ClientRequest.from(request)
                        .headers(headers -> headers.remove("tracestate"))
                        .build())
                : next.exchange(request);
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
    TwelveLabs twelveLabs(
            WebClient upstream,
            JsonMapper json,
            MeterRegistry meters,
            UpstreamProperties properties,
            Tenants tenants,
            Clock clock,
            Ticker ticker) {
        Attempts attempts = new WebClientAttempts(upstream, new BatchReader(json), meters);
        return new HttpTwelveLabs(attempts, properties, tenants, clock, ticker);
    }
}
