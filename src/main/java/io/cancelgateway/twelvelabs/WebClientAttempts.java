package io.cancelgateway.twelvelabs;

import io.cancelgateway.platform.Ticker;
import io.cancelgateway.tenant.ApiKey;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.Channel;
import io.netty.channel.ConnectTimeoutException;
import io.netty.handler.proxy.ProxyHandler;
import io.netty.util.AttributeKey;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferLimitException;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.client.reactive.ClientHttpRequest;
import org.springframework.web.reactive.function.BodyExtractors;
import org.springframework.web.reactive.function.client.ClientResponse;
import org.springframework.web.reactive.function.client.WebClient;
import org.springframework.web.reactive.function.client.WebClientRequestException;
import reactor.core.Exceptions;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;
import reactor.netty.channel.AbortedException;
import reactor.netty.internal.shaded.reactor.pool.PoolAcquireTimeoutException;

/**
 * Sends attempts with {@link WebClient}, and counts each. Only this class and its wiring know Reactor. Safe for use by
 * many threads, but not on Reactor's own: it blocks.
 */
class WebClientAttempts implements Attempts {

    private static final Logger log = LoggerFactory.getLogger(WebClientAttempts.class);

    private static final String API_KEY = "x-api-key";

    /** A batch object is about a kilobyte, and a page has at most 50 of them. A longer body than this is neither. */
    private static final int MAX_BODY_BYTES = 1024 * 1024;

    private static final byte[] NO_BODY = new byte[0];

    /** Attribute of an idle connection: since when it is idle, by the ticker. */
    private static final AttributeKey<Long> IDLE_SINCE = AttributeKey.valueOf(WebClientAttempts.class, "idleSince");

    /** A connection that was idle for less than this did not die of its age. */
    private static final long MIN_STALE_NANOS = Duration.ofSeconds(1).toNanos();

    private final WebClient client;
    private final AttemptObservation.Source observations;
    private final BatchReader reader;
    private final MeterRegistry meters;
    private final IdleConnections idle;
    private final Ticker ticker;

    WebClientAttempts(
            WebClient client,
            IdleConnections idle,
            BatchReader reader,
            MeterRegistry meters,
            AttemptObservation.Source observations,
            Ticker ticker) {
        this.client = client;
        this.observations = observations;
        this.idle = idle;
        this.reader = reader;
        this.meters = meters;
        this.ticker = ticker;
        for (Operation operation : Operation.values()) {
            Attempt.RESULTS.forEach(result -> attempts(operation, result));
        }
    }

    private Counter attempts(Operation operation, String result) {
        return Counter.builder("cancel.gateway.upstream.attempts")
                .description("Attempts of upstream requests; all but connect_failed were on the wire")
                .tag("operation", operation.tag())
                .tag("result", result)
                .register(meters);
    }

    @Override
    public Attempt send(VendorRequest request, ApiKey key, int number, Duration timeout) {
        Operation operation = request.operation();
        Progress progress = new Progress(ticker);
        Attempt attempt;
        AttemptObservation observation = observations.start(request, number);
        try {
            attempt = read(operation, key, exchange(request, key, timeout, progress, observation));
            observation.ended(attempt, progress.status());
        } finally {
            observation.stop();
        }
        if (attempt.stale()) {
            idle.evictAll();
        }
        attempts(operation, attempt.result()).increment();
        log.debug("Attempt to {}: {}", request, attempt.result());
        return attempt;
    }

    private Exchange exchange(
            VendorRequest request, ApiKey key, Duration timeout, Progress progress, AttemptObservation observation) {
        try {
            byte[] body = client.method(request.operation().method())
                    .uri(request.operation().path(), request::address)
                    .headers(headers -> headers.addAll(observation.headers()))
                    .header(API_KEY, key.reveal())
                    // called only once there is a connection to write the request to
                    .httpRequest(progress::startSending)
                    .exchangeToMono(response -> body(response, progress))
                    .timeout(timeout)
                    .block();
            progress.markIdle();
            return progress.complete(body == null ? NO_BODY : body);
        } catch (RuntimeException e) {
            Throwable cause = cause(e);
            observation.failed(cause);
            return failure(cause, e, progress);
        }
    }

    /** Reads the bytes without the codecs, which would reject a body whose Content-Type they cannot parse. */
    private static Mono<byte[]> body(ClientResponse response, Progress progress) {
        progress.status = response.statusCode();
        progress.headers = response.headers().asHttpHeaders();
        return DataBufferUtils.join(response.body(BodyExtractors.toDataBuffers()), MAX_BODY_BYTES)
                .map(WebClientAttempts::bytes);
    }

    private static byte[] bytes(DataBuffer buffer) {
        byte[] bytes = new byte[buffer.readableByteCount()];
        buffer.read(bytes);
        DataBufferUtils.release(buffer);
        return bytes;
    }

    private static Throwable cause(RuntimeException thrown) {
        Throwable cause = Exceptions.unwrap(thrown);
        return cause.getCause() instanceof InterruptedException interrupted ? interrupted : cause;
    }

    private static Exchange failure(Throwable cause, RuntimeException thrown, Progress progress) {
        if (progress.abandonIfUnsent()) {
            return new Exchange.Failed(new Attempt.NotSent(whyNotSent(cause, thrown)));
        }
        if (progress.tunnelFailed()) {
            return new Exchange.Failed(new Attempt.NotSent(Attempt.NotSent.Cause.PROXY_FAILED));
        }
        // counts as complete but unreadable: no response of the vendor is that long
        if (cause instanceof DataBufferLimitException && progress.status != null) {
            return progress.complete(NO_BODY);
        }
        if (cause instanceof TimeoutException || cause instanceof InterruptedException) {
            return new Exchange.Failed(new Attempt.TimedOut());
        }
        // the connection ended, or the client closed it because the bytes were not HTTP. The exception's message is not
        // logged: it may repeat what the upstream sent
        log.debug("The connection ended: {}", cause.getClass().getName());
        return new Exchange.Failed(new Attempt.Reset(progress.stale()));
    }

    private static Attempt.NotSent.Cause whyNotSent(Throwable cause, RuntimeException thrown) {
        return switch (cause) {
            case TimeoutException _, InterruptedException _ -> Attempt.NotSent.Cause.ATTEMPT_TIMEOUT;
            case ProxyFailedException _ -> Attempt.NotSent.Cause.PROXY_FAILED;
            case WebClientRequestException e ->
                switch (e.getCause()) {
                    case PoolAcquireTimeoutException _ -> Attempt.NotSent.Cause.POOL_EXHAUSTED;
                    case UnknownHostException _ -> Attempt.NotSent.Cause.UNKNOWN_HOST;
                    case SSLException _ -> Attempt.NotSent.Cause.TLS_FAILED;
                    case AbortedException _ -> Attempt.NotSent.Cause.CLOSED_BEFORE_USE;
                    case ConnectTimeoutException _ -> Attempt.NotSent.Cause.CONNECT_TIMEOUT;
                    case ConnectException _ -> Attempt.NotSent.Cause.CONNECTION_REFUSED;
                    case null, default -> Attempt.NotSent.Cause.OTHER;
                };
            default -> {
                log.warn("An attempt failed before it was sent; it counts as not sent", thrown);
                yield Attempt.NotSent.Cause.OTHER;
            }
        };
    }

    private Attempt read(Operation operation, ApiKey key, Exchange exchange) {
        return switch (exchange) {
            case Exchange.Failed(Attempt attempt) -> attempt;
            case Exchange.Complete(HttpStatusCode status, HttpHeaders headers, byte[] body) ->
                status.is2xxSuccessful()
                        ? content(operation, body)
                                .<Attempt>map(Attempt.Success::new)
                                .orElseGet(() -> new Attempt.Unreadable(status.value()))
                        : new Attempt.ErrorStatus(
                                status.value(),
                                error(key, body),
                                redacted(key, headers.getFirst(HttpHeaders.RETRY_AFTER)),
                                redacted(key, headers.getFirst(HttpHeaders.DATE)));
        };
    }

    private Optional<? extends Content> content(Operation operation, byte[] body) {
        return switch (operation) {
            case CANCEL, RETRIEVE -> reader.batch(body);
            case LIST -> reader.page(body);
        };
    }

    private @Nullable VendorError error(ApiKey key, byte[] body) {
        return reader.error(body)
                .map(error -> new VendorError(key.redactFrom(error.code()), key.redactFrom(error.message())))
                .orElse(null);
    }

    private static @Nullable String redacted(ApiKey key, @Nullable String text) {
        return text == null ? null : key.redactFrom(text);
    }

    /** How far one attempt has come. The client's threads write it, the attempt's thread reads it. */
    private static final class Progress {

        private enum Phase {
            NEW,
            SENT,
            ABANDONED
        }

        private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.NEW);
        private final Ticker ticker;
        private volatile @Nullable Channel channel;
        private volatile @Nullable ProxyHandler tunnel;
        private volatile boolean longIdle;
        private volatile @Nullable HttpStatusCode status;
        private volatile HttpHeaders headers = HttpHeaders.EMPTY;

        Progress(Ticker ticker) {
            this.ticker = ticker;
        }

        void startSending(ClientHttpRequest request) {
            Connection connection = request.getNativeRequest();
            Channel carrier = connection.channel();
            Long since = carrier.attr(IDLE_SINCE).getAndSet(null);
            longIdle = since != null && ticker.nanos() - since > MIN_STALE_NANOS;
            channel = carrier;
            tunnel = carrier.pipeline().get(ProxyHandler.class);
            if (!phase.compareAndSet(Phase.NEW, Phase.SENT)) {
                throw new CancellationException("The attempt was over before it was sent");
            }
        }

        /** Ends the attempt if it was not sent yet. It can no longer be sent then, so the meter stays right. */
        boolean abandonIfUnsent() {
            return phase.compareAndSet(Phase.NEW, Phase.ABANDONED);
        }

        /**
         * Whether the proxy made no tunnel. Without TLS behind it, the request is written before that is known; the
         * proxy's handler holds it back until there is a tunnel.
         */
        boolean tunnelFailed() {
            ProxyHandler proxy = tunnel;
            return proxy != null && proxy.connectFuture().cause() != null;
        }

        /** Whether the connection had been idle for long and ended before any response. */
        boolean stale() {
            return longIdle && status == null;
        }

        /** Call this when the response is complete. The connection may be in use again by then. */
        void markIdle() {
            Channel carrier = channel;
            if (carrier != null) {
                carrier.attr(IDLE_SINCE).set(ticker.nanos());
            }
        }

        /** Of the response, or null if there is none. */
        @Nullable
        Integer status() {
            HttpStatusCode answer = status;
            return answer == null ? null : answer.value();
        }

        Exchange complete(byte[] body) {
            HttpStatusCode answer = status;
            if (answer == null) {
                throw new IllegalStateException("A body without a status");
            }
            return new Exchange.Complete(answer, headers, body);
        }
    }

    /** What came back from the client. */
    private sealed interface Exchange {
        record Failed(Attempt attempt) implements Exchange {}

        @SuppressWarnings("ArrayRecordComponent") // passed on once, never compared
        record Complete(HttpStatusCode status, HttpHeaders headers, byte[] body) implements Exchange {}
    }
}
