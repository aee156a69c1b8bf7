package io.cancelgateway.platform;

import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.core.Ordered;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;

/**
 * Pins the levels of the few loggers that print credentials: with raw requests, or in an address. No other source of
 * settings can override them. Every other logger may have any level.
 */
class PinnedLogging implements EnvironmentPostProcessor, Ordered {

    private static final Map<String, Object> PINNED = pinned();

    private static Map<String, Object> pinned() {
        Map<String, Object> pinned = new LinkedHashMap<>();
        // Tomcat prints the raw request head at DEBUG
        pinned.put("logging.level.org.apache.coyote", "INFO");
        pinned.put("logging.level.org.apache.coyote.http11", "INFO");
        pinned.put("logging.level.org.apache.coyote.http11.Http11InputBuffer", "INFO");
        pinned.put("logging.level.org.apache.coyote.http11.Http11Processor", "INFO");
        // and the parsed header fields at DEBUG
        pinned.put("logging.level.org.apache.tomcat.util.http", "INFO");
        // Reactor Netty and Netty print every header field where a wiretap is on
        pinned.put("logging.level.reactor.netty.http.client.HttpClient", "INFO");
        pinned.put("logging.level.reactor.netty.http.client.HttpClientOperations", "INFO");
        pinned.put("logging.level.io.netty.handler.logging", "INFO");
        // prints, in a stack trace, the upstream bytes that the codec could not read; the attempt reports the failure
        pinned.put("logging.level.reactor.netty.http.client.HttpClientConnect", "OFF");
        // prints what came too late, which may be bytes of the upstream
        pinned.put("logging.level.reactor.netty.channel.FluxReceive", "ERROR");
        // prints the database's address at DEBUG, with a password that may be in it
        pinned.put("logging.level.org.postgresql.Driver", "INFO");
        // Spring prints header values only when these are on
        pinned.put("spring.mvc.log-request-details", "false");
        pinned.put("spring.http.codecs.log-request-details", "false");
        return pinned;
    }

    @Override
    public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
        environment.getPropertySources().addFirst(new MapPropertySource("pinnedLogging", PINNED));
    }

    @Override
    public int getOrder() {
        return Ordered.LOWEST_PRECEDENCE;
    }
}
