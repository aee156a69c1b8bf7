package io.cancelgateway.twelvelabs;

import io.cancelgateway.platform.Ticker;
import io.cancelgateway.tenant.ApiKey;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.Channel;
import io.netty.channel.ConnectTimeoutException;
import io.netty.util.AttributeKey;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.time.Duration;
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

/** One attempt over {@link WebClient}; the only place that knows Reactor. Counts every attempt. */
class WebClientAttempts implements Attempts {

    private static final Logger log = LoggerFactory.getLogger(WebClientAttempts.class);

    private static final String API_KEY = "x-api-key";

    /** A batch object has about a kilobyte; what is longer than this is not one. */
    private static final int MAX_BODY_BYTES = 1024 * 1024;

    private static final byte[] NOTHING = new byte[0];

    /** On a connection that is idle: since when, on the ticker. */
    private static final AttributeKey<Long> IDLE_SINCE = AttributeKey.valueOf(WebClientAttempts.class, "idleSince");

    /** What ends a connection sooner than this after its last answer is not its age. */
    private static final long MIN_IDLE_NANOS = Duration.ofSeconds(1).toNanos();

    private final WebClient client;
    private final BatchReader reader;
    private final MeterRegistry meters;
    private final IdleConnections idle;
    private final Ticker ticker;

    WebClientAttempts(WebClient client, IdleConnections idle, BatchReader reader, MeterRegistry meters, Ticker ticker) {
        this.client = client;
        this.idle = idle;
        this.reader = reader;
        this.meters = meters;
        this.ticker = ticker;
    }

    @Override
    public Attempt send(Operation operation, ApiKey key, BatchId batch, Duration timeout) {
        Wire wire = new Wire(ticker);
        Attempt attempt = read(key, exchange(operation, key, batch, timeout, wire));
        if (attempt.stale()) {
            idle.oneWasDead();
        }
        meters.counter("cancel.gateway.upstream.attempts", "operation", operation.tag(), "result", attempt.result())
                .increment();
        log.debug("Attempt to {} batch {}: {}", operation.tag(), batch, attempt.result());
        return attempt;
    }

    private Exchange exchange(Operation operation, ApiKey key, BatchId batch, Duration timeout, Wire wire) {
        try {
            byte[] body = client.method(operation.method())
                    .uri(operation.path(), batch.value())
                    .header(API_KEY, key.reveal())
                    // called when there is a connection to write the request to, not before
                    .httpRequest(wire::sendingOn)
                    .exchangeToMono(response -> body(response, wire))
                    .timeout(timeout)
                    .block();
            wire.idleFromNow();
            return wire.answered(body == null ? NOTHING : body);
        } catch (RuntimeException e) {
            return failure(e, wire);
        }
    }

    /** Past the codecs, which would read the Content-Type: a body is what its bytes are, not what its type claims. */
    private static Mono<byte[]> body(ClientResponse response, Wire wire) {
        wire.status = response.statusCode();
        wire.headers = response.headers().asHttpHeaders();
        return DataBufferUtils.join(response.body(BodyExtractors.toDataBuffers()), MAX_BODY_BYTES)
                .map(WebClientAttempts::bytes);
    }

    private static byte[] bytes(DataBuffer buffer) {
        byte[] bytes = new byte[buffer.readableByteCount()];
        buffer.read(bytes);
        DataBufferUtils.release(buffer);
        return bytes;
    }

    private static Exchange failure(RuntimeException thrown, Wire wire) {
        Throwable cause = Exceptions.unwrap(thrown);
        if (cause.getCause() instanceof InterruptedException interrupted) {
            cause = interrupted;
        }
        if (wire.abandonUnsent()) {
            return new Exchange.Broken(new Attempt.NotSent(whyNotSent(cause, thrown)));
        }
        // complete as far as anybody cares: no answer of the vendor is that long
        if (cause instanceof DataBufferLimitException && wire.status != null) {
            return wire.answered(NOTHING);
        }
        if (cause instanceof TimeoutException || cause instanceof InterruptedException) {
            return new Exchange.Broken(new Attempt.TimedOut());
        }
        // an end of the connection, or bytes that are not HTTP, upon which the client ends it; never the exception's
        // message, which may repeat what the upstream sent
        log.debug("The connection ended: {}", cause.getClass().getName());
        return new Exchange.Broken(new Attempt.Reset(wire.stale()));
    }

    private static Attempt.NotSent.Cause whyNotSent(Throwable cause, RuntimeException thrown) {
        return switch (cause) {
            case TimeoutException _, InterruptedException _ -> Attempt.NotSent.Cause.TIMED_OUT;
            case WebClientRequestException e ->
                switch (e.getCause()) {
                    case PoolAcquireTimeoutException _ -> Attempt.NotSent.Cause.NONE_FREE;
                    case UnknownHostException _ -> Attempt.NotSent.Cause.UNKNOWN_HOST;
                    case SSLException _ -> Attempt.NotSent.Cause.NO_TLS;
                    case AbortedException _ -> Attempt.NotSent.Cause.GONE;
                    case ConnectTimeoutException _ -> Attempt.NotSent.Cause.CONNECT_TIMEOUT;
                    case ConnectException _ -> Attempt.NotSent.Cause.REFUSED;
                    case null, default -> Attempt.NotSent.Cause.OTHER;
                };
            default -> {
                log.warn("An attempt failed before it was sent; it counts as not sent", thrown);
                yield Attempt.NotSent.Cause.OTHER;
            }
        };
    }

    private Attempt read(ApiKey key, Exchange exchange) {
        return switch (exchange) {
            case Exchange.Broken(Attempt attempt) -> attempt;
            case Exchange.Complete(HttpStatusCode status, HttpHeaders headers, byte[] body) ->
                status.is2xxSuccessful()
                        ? reader.batch(body)
                                .<Attempt>map(Attempt.Success::new)
                                .orElseGet(() -> new Attempt.Unreadable(status.value()))
                        : new Attempt.ErrorStatus(
                                status.value(),
                                error(key, body),
                                redacted(key, headers.getFirst(HttpHeaders.RETRY_AFTER)),
                                redacted(key, headers.getFirst(HttpHeaders.DATE)));
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

    /** How far one attempt has come, as the client's threads tell it. */
    private static final class Wire {

        private enum Phase {
            NEW,
            SENT,
            ABANDONED
        }

        private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.NEW);
        private final Ticker ticker;
        private volatile @Nullable Channel channel;
        private volatile boolean longIdle;
        private volatile @Nullable HttpStatusCode status;
        private volatile HttpHeaders headers = HttpHeaders.EMPTY;

        Wire(Ticker ticker) {
            this.ticker = ticker;
        }

        void sendingOn(ClientHttpRequest request) {
            Connection connection = request.getNativeRequest();
            Channel carrier = connection.channel();
            Long since = carrier.attr(IDLE_SINCE).getAndSet(null);
            longIdle = since != null && ticker.nanos() - since > MIN_IDLE_NANOS;
            channel = carrier;
            if (!phase.compareAndSet(Phase.NEW, Phase.SENT)) {
                throw new CancellationException("The attempt was over before it was sent");
            }
        }

        /** Ends the attempt unless it was sent: from then on it is not, and what the meter says stays true. */
        boolean abandonUnsent() {
            return phase.compareAndSet(Phase.NEW, Phase.ABANDONED);
        }

        boolean stale() {
            return longIdle && status == null;
        }

        /** The answer is complete: the connection is back in the pool, or in somebody's hands again already. */
        void idleFromNow() {
            Channel carrier = channel;
            if (carrier != null) {
                carrier.attr(IDLE_SINCE).set(ticker.nanos());
            }
        }

        Exchange answered(byte[] body) {
            HttpStatusCode answer = status;
            if (answer == null) {
                throw new IllegalStateException("A body without a status");
            }
            return new Exchange.Complete(answer, headers, body);
        }
    }

    private sealed interface Exchange {
        record Broken(Attempt attempt) implements Exchange {}

        @SuppressWarnings("ArrayRecordComponent") // handed over once, never compared
        record Complete(HttpStatusCode status, HttpHeaders headers, byte[] body) implements Exchange {}
    }
}
