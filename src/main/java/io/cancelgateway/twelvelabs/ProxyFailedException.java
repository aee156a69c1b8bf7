package io.cancelgateway.twelvelabs;

import io.netty.handler.proxy.ProxyConnectException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.springframework.web.reactive.function.client.ClientRequest;
import org.springframework.web.reactive.function.client.ClientResponse;
import org.springframework.web.reactive.function.client.ExchangeFunction;
import org.springframework.web.reactive.function.client.WebClientRequestException;
import reactor.core.publisher.Mono;

/**
 * The proxy made no tunnel. This exception replaces the HTTP client's own, whose message repeats what the proxy said
 * and would carry it into traces and logs. It may contain the password that the proxy was sent.
 */
final class ProxyFailedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private ProxyFailedException() {
        super("The proxy made no tunnel", null, false, false);
    }

    /** A {@code WebClient} filter that replaces the exception before any observation sees it. */
    static Mono<ClientResponse> replaceClientException(ClientRequest request, ExchangeFunction next) {
        return next.exchange(request)
                .onErrorMap(
                        WebClientRequestException.class, e -> isOfProxy(e.getCause()) ? new ProxyFailedException() : e);
    }

    private static boolean isOfProxy(@Nullable Throwable cause) {
        return cause instanceof ProxyConnectException
                // a handshake that could not begin
                || cause instanceof SSLException && cause.getCause() instanceof ProxyConnectException;
    }
}
