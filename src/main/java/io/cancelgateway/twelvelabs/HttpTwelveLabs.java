package io.cancelgateway.twelvelabs;

import io.cancelgateway.platform.Ticker;
import io.cancelgateway.tenant.Tenant;
import java.time.Duration;
import java.util.Optional;

/** TwelveLabs over HTTP. Each request is a {@link Call} in its tenant's {@link Lane}. */
class HttpTwelveLabs implements TwelveLabs {

    private final Call.Collaborators collaborators;
    private final Lanes lanes;
    private final UpstreamProperties properties;
    private final Ticker ticker;

    HttpTwelveLabs(Call.Collaborators collaborators, Lanes lanes, UpstreamProperties properties, Ticker ticker) {
        this.collaborators = collaborators;
        this.lanes = lanes;
        this.properties = properties;
        this.ticker = ticker;
    }

    @Override
    public CancelResult cancel(Tenant tenant, BatchId batch, boolean unresolved, Deadline deadline) {
        Call call = new Call(
                collaborators,
                lanes.of(tenant.id()),
                Priority.CALLER,
                Operation.CANCEL,
                tenant,
                batch,
                unresolved,
                deadline);
        Answer answer = call.withRetries();
        return new CancelResult(answer, call.sent(), call.ambiguous());
    }

    @Override
    public Answer retrieve(Tenant tenant, BatchId batch) {
        return retrieval(Priority.CALLER, tenant, batch).withRetries();
    }

    @Override
    public Answer poll(Tenant tenant, BatchId batch) {
        return retrieval(Priority.BACKGROUND, tenant, batch).once();
    }

    private Call retrieval(Priority priority, Tenant tenant, BatchId batch) {
        return new Call(
                collaborators,
                lanes.of(tenant.id()),
                priority,
                Operation.RETRIEVE,
                tenant,
                batch,
                false,
                startDeadline());
    }

    @Override
    public Optional<DoorRefusal> refusal(Tenant tenant, Deadline deadline) {
        return lanes.of(tenant.id()).refusal(deadline);
    }

    @Override
    public Deadline startDeadline() {
        return Deadline.after(properties.deadline(), ticker);
    }

    @Override
    public Duration longestPoll() {
        // a stale connection makes it two attempts
        Duration attempts = properties.attemptTimeout().multipliedBy(2);
        return attempts.compareTo(properties.deadline()) < 0 ? attempts : properties.deadline();
    }
}
