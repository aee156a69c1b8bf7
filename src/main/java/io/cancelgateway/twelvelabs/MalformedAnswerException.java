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
 * The upstream sent bytes that are not HTTP. Stands for the client's exception, whose message repeats those bytes: it
 * would carry them, a key that the upstream echoes included, into traces and logs.
 */
final class MalformedAnswerException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private MalformedAnswerException(Throwable cause) {
        super(cause.getClass().getName(), null, false, false);
    }

    /** A filter: it stands between the client and those who observe it. */
    static Mono<ClientResponse> instead(ClientRequest request, ExchangeFunction next) {
        return next.exchange(request)
                .onErrorMap(
                        WebClientRequestException.class,
                        e -> isOfTheConnection(e.getCause())
                                ? e
                                : new MalformedAnswerException(e.getMostSpecificCause()));
    }

    private static boolean isOfTheConnection(@Nullable Throwable cause) {
        return cause instanceof IOException || cause instanceof TimeoutException;
    }
}
