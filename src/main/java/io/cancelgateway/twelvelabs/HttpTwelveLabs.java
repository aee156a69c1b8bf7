package io.cancelgateway.twelvelabs;

import io.cancelgateway.platform.Ticker;
import io.cancelgateway.tenant.Tenant;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;

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
        return result(cancellation(Priority.CALLER, tenant, batch, unresolved, deadline), Call::withRetries);
    }

    @Override
    public CancelResult cancelInBulk(Tenant tenant, BatchId batch, boolean unresolved, Deadline deadline) {
        return result(cancellation(Priority.BULK, tenant, batch, unresolved, deadline), Call::withRetries);
    }

    @Override
    public CancelResult deliver(Tenant tenant, BatchId batch, boolean unresolved) {
        return result(cancellation(Priority.BACKGROUND, tenant, batch, unresolved, startDeadline()), Call::once);
    }

    private static CancelResult result(Call cancellation, Function<Call, Answer> way) {
        Answer answer = way.apply(cancellation);
        return new CancelResult(answer, cancellation.sent(), cancellation.ambiguous());
    }

    @Override
    public Answer retrieve(Tenant tenant, BatchId batch) {
        return retrieval(Priority.CALLER, tenant, batch).withRetries();
    }

    @Override
    public Listing list(Tenant tenant, BatchQuery query) {
        return list(Priority.CALLER, tenant, query, startDeadline());
    }

    @Override
    public ActiveBatches activeBatches(Tenant tenant, Deadline deadline) {
        return new ActiveBatchSearch(query -> list(Priority.BULK, tenant, query, deadline)).run();
    }

    private Listing list(Priority priority, Tenant tenant, BatchQuery query, Deadline deadline) {
        return call(priority, new VendorRequest.ListBatches(query), tenant, false, deadline)
                .listWithRetries();
    }

    @Override
    public Answer poll(Tenant tenant, BatchId batch) {
        return retrieval(Priority.BACKGROUND, tenant, batch).once();
    }

    private Call cancellation(Priority priority, Tenant tenant, BatchId batch, boolean unresolved, Deadline deadline) {
        return call(priority, new VendorRequest.Cancel(batch), tenant, unresolved, deadline);
    }

    private Call retrieval(Priority priority, Tenant tenant, BatchId batch) {
        return call(priority, new VendorRequest.Retrieve(batch), tenant, false, startDeadline());
    }

    private Call call(Priority priority, VendorRequest request, Tenant tenant, boolean unresolved, Deadline deadline) {
        return new Call(collaborators, lanes.of(tenant.id()), priority, request, tenant, unresolved, deadline);
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
    public Duration longestBackgroundCall() {
        // a cancel and its reconciling retrieve; a stale connection makes each of them two attempts, and a key that was
        // replaced adds one
        Duration attempts = properties.attemptTimeout().multipliedBy(5);
        return attempts.compareTo(properties.deadline()) < 0 ? attempts : properties.deadline();
    }
}
