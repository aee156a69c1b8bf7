package io.cancelgateway.twelvelabs;

import io.cancelgateway.platform.Ticker;
import io.cancelgateway.tenant.Tenant;
import io.cancelgateway.tenant.Tenants;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Asks the upstream over HTTP, within the deadline, and reads what its answer means. */
class HttpTwelveLabs implements TwelveLabs {

    /** What a 429 without {@code Retry-After} tells the caller to wait. */
    private static final Duration RETRY_AFTER_UNKNOWN = Duration.ofSeconds(1);

    private final Attempts attempts;
    private final UpstreamProperties properties;
    private final Tenants tenants;
    private final Clock clock;
    private final Ticker ticker;

    HttpTwelveLabs(Attempts attempts, UpstreamProperties properties, Tenants tenants, Clock clock, Ticker ticker) {
        this.attempts = attempts;
        this.properties = properties;
        this.tenants = tenants;
        this.clock = clock;
        this.ticker = ticker;
    }

    @Override
    public Answer cancel(Tenant tenant, BatchId batch) {
        return ask(Operation.CANCEL, tenant, batch, Answer.Accepted::new);
    }

    @Override
    public Answer retrieve(Tenant tenant, BatchId batch) {
        return ask(Operation.RETRIEVE, tenant, batch, Answer.Found::new);
    }

    private Answer ask(Operation operation, Tenant tenant, BatchId batch, Function<Batch, Answer> success) {
        Deadline deadline = Deadline.after(properties.deadline(), ticker);
        Attempt attempt = attempts.send(operation, tenant.key(), batch, deadline.cut(properties.attemptTimeout()));
        noteKey(tenant, attempt);
        return switch (attempt) {
            case Attempt.Success(Batch found) -> success.apply(found);
            case Attempt.NotSent(String why) ->
                deadline.reached() ? new Answer.DeadlineExceeded() : new Answer.Failed("not reachable: " + why);
            case Attempt.TimedOut() -> new Answer.DeadlineExceeded();
            case Attempt.Reset(String why) -> new Answer.Failed("connection lost: " + why);
            case Attempt.Unreadable(int status) -> new Answer.Failed("unreadable answer with status " + status);
            case Attempt.Refused refused -> refusal(refused);
        };
    }

    private Answer refusal(Attempt.Refused refused) {
        return switch (refused.status()) {
            case 400 ->
                new Answer.Invalid(said(refused, "parameter_invalid", "The upstream takes the request for malformed."));
            case 401, 403 -> new Answer.KeyRejected();
            case 404 -> new Answer.NotFound(said(refused, "resource_not_exist", "The upstream has no such batch."));
            case 409 -> new Answer.AlreadyTerminal(said(refused, "conflict", "The batch is already terminal."));
            case 429 -> new Answer.RateLimited(retryAfter(refused).orElse(RETRY_AFTER_UNKNOWN));
            default -> new Answer.Failed("status " + refused.status());
        };
    }

    private Optional<Duration> retryAfter(Attempt.Refused refused) {
        return RetryAfter.parse(refused.retryAfter(), refused.date(), clock.instant());
    }

    private static VendorError said(Attempt.Refused refused, String code, String message) {
        @Nullable VendorError error = refused.error();
        if (error == null) {
            return new VendorError(code, message);
        }
        return error.message().isBlank() ? new VendorError(error.code(), message) : error;
    }

    private void noteKey(Tenant tenant, Attempt attempt) {
        switch (attempt) {
            case Attempt.Refused refused
            when refused.status() == 401 || refused.status() == 403 -> tenants.keyRejected(tenant);
            // an answer about the batch: the key was taken
            case Attempt.Refused refused
            when refused.status() == 404 || refused.status() == 409 -> tenants.keyAccepted(tenant);
            case Attempt.Success _ -> tenants.keyAccepted(tenant);
            default -> {}
        }
    }
}
