package io.cancelgateway.twelvelabs;

import java.io.IOException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.springframework.web.reactive.function.client.ClientRequest;
import org.springframework.web.reactive.function.client.ClientResponse;
import org.springframework.web.reactive.function.client.ExchangeFunction;
import org.springframework.web.reactive.function.client.WebClientRequestException;
import reactor.core.publisher.Mono;

/**
 * The upstream sent bytes that are not HTTP. This exception replaces the HTTP client's own, whose message repeats those
 * bytes and would carry them into traces and logs. They may contain a key that the upstream echoed.
 */
final class MalformedResponseException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private MalformedResponseException(Throwable cause) {
        super(cause.getClass().getName(), null, false, false);
    }

    /** A {@code WebClient} filter that replaces the exception before any observation sees it. */
    static Mono<ClientResponse> replaceClientException(ClientRequest request, ExchangeFunction next) {
        return next.exchange(request)
                .onErrorMap(
                        WebClientRequestException.class,
                        e -> isConnectionFailure(e.getCause())
                                ? e
                                : new MalformedResponseException(e.getMostSpecificCause()));
    }

    private static boolean isConnectionFailure(@Nullable Throwable cause) {
        return cause instanceof IOException || cause instanceof TimeoutException;
    }
}
