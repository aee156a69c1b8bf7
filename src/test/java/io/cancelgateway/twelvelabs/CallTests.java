package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.verifyNoInteractions;
import static org.mockito.Mockito.when;

import io.cancelgateway.tenant.ApiKey;
import io.cancelgateway.tenant.Tenant;
import io.cancelgateway.tenant.TenantId;
import io.cancelgateway.tenant.Tenants;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A call with scripted attempts, in time that passes only while it sleeps. */
class CallTests {

    private static final Tenant TENANT =
            new Tenant(new TenantId("acme"), ApiKey.parse("tlk_acme").orElseThrow());
    private static final BatchId BATCH = new BatchId("68f4ddaf8aaa60d33df0e800");
    private static final VendorRequest CANCEL = new VendorRequest.Cancel(BATCH);
    private static final VendorRequest RETRIEVE = new VendorRequest.Retrieve(BATCH);
    private static final VendorRequest LIST =
            new VendorRequest.ListBatches(new BatchQuery(null, null, List.of(), List.of()));
    private static final Attempt CANCELED_ALREADY = error(409, VendorError.BATCH_CANCELED);
    private static final Attempt STALE = new Attempt.Reset(true);

    private final AtomicLong now = new AtomicLong();
    private final AtomicInteger exhausted = new AtomicInteger();
    private final Tenants tenants = mock(Tenants.class);
    private final Deque<Attempt> script = new ArrayDeque<>();
    private final List<VendorRequest> requests = new ArrayList<>();
    private final List<Integer> numbers = new ArrayList<>();
    private final List<ApiKey> keys = new ArrayList<>();
    private final List<Duration> timeouts = new ArrayList<>();
    private final List<Duration> sleeps = new ArrayList<>();
    private final Deadline deadline = Deadline.after(Duration.ofSeconds(15), now::get);
    private final CircuitBreaker circuit = CircuitBreaker.of("tenant", CircuitBreakerConfig.ofDefaults());
    private final Lane lane = new Lane(
            new Bulkhead(1),
            new Pause(now::get),
            Breaker.ofTenant(circuit, now::get),
            Breaker.ofUpstream(CircuitBreaker.of("upstream", CircuitBreakerConfig.ofDefaults()), now::get),
            // one retry for each request, and no more
            new RetryBudget(1, 0, now::get, () -> {}));

    private Call cancel(boolean unresolved) {
        return call(Priority.CALLER, CANCEL, unresolved, 3);
    }

    private Call retrieve(Priority priority) {
        return call(priority, RETRIEVE, false, 3);
    }

    private Call list() {
        return call(Priority.CALLER, LIST, false, 3);
    }

    private Call call(Priority priority, VendorRequest request, boolean unresolved, int maxAttempts) {
        return new Call(collaborators(maxAttempts), lane, priority, request, TENANT, unresolved, deadline);
    }

    private Call.Collaborators collaborators(int maxAttempts) {
        Attempts attempts = (request, key, number, timeout) -> {
            keys.add(key);
            requests.add(request);
            numbers.add(number);
            timeouts.add(timeout);
            return script.remove();
        };
        RetryDecision retry = new RetryDecision(
                maxAttempts,
                new Backoff(Duration.ofMillis(100), Duration.ofSeconds(2), new Random(1)),
                Clock.fixed(Instant.parse("2026-07-01T12:00:00Z"), ZoneOffset.UTC),
                exhausted::incrementAndGet);
        return new Call.Collaborators(attempts, retry, tenants, this::sleep, Duration.ofSeconds(5));
    }

    private void sleep(Duration duration) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        sleeps.add(duration);
        now.addAndGet(duration.toNanos());
    }

    @Test
    void transientFailuresAreRetriedWithinTheBudget() {
        Batch batch = batch("canceling");
        script.add(error(500, "oops"));
        script.add(new Attempt.Success(batch));
        Call call = cancel(false);

        assertThat(call.withRetries()).isEqualTo(new Answer.Accepted(batch));

        assertThat(requests).containsExactly(CANCEL, CANCEL);
        assertThat(numbers).containsExactly(1, 2);
        assertThat(sleeps).hasSize(1);
        assertThat(call.sent()).isEqualTo(2);
        assertThat(call.ambiguous()).isTrue();

        // this request adds a retry to the budget, and takes it
        script.add(error(500, "oops"));
        script.add(error(503, "busy"));
        assertThat(cancel(false).withRetries()).isEqualTo(new Answer.Failed("status 503", null));
        assertThat(exhausted).hasValue(1);
    }

    @Test
    void anAttemptThatWasNotSentDoesNotCountAsOne() {
        script.add(new Attempt.NotSent(Attempt.NotSent.Cause.CONNECTION_REFUSED));
        script.add(error(404, "resource_not_exist"));
        Call call = cancel(false);

        assertThat(call.withRetries()).isInstanceOf(Answer.NotFound.class);

        assertThat(call.sent()).isEqualTo(1);
        assertThat(call.ambiguous()).isFalse();
    }

    @Test
    void aStaleConnectionIsReplacedAtOnceBeyondTheAttemptsAllowed() {
        Batch batch = batch("canceling");
        script.add(STALE);
        script.add(new Attempt.Success(batch));
        Call call = call(Priority.CALLER, CANCEL, false, 1);

        assertThat(call.withRetries()).isEqualTo(new Answer.Accepted(batch));

        assertThat(sleeps).isEmpty();
        assertThat(call.sent()).isEqualTo(2);
        assertThat(call.ambiguous()).isTrue();
    }

    @Test
    void soIsOneThatWasClosedBeforeItWasUsed() {
        Batch batch = batch("canceling");
        script.add(new Attempt.NotSent(Attempt.NotSent.Cause.CLOSED_BEFORE_USE));
        script.add(new Attempt.Success(batch));
        Call call = call(Priority.CALLER, CANCEL, false, 1);

        assertThat(call.withRetries()).isEqualTo(new Answer.Accepted(batch));

        assertThat(call.sent()).isEqualTo(1);
        assertThat(call.ambiguous()).isFalse();
    }

    @Test
    void aSecondStaleConnectionIsAFailureLikeAnyOther() {
        script.add(STALE);
        script.add(STALE);

        assertThat(call(Priority.CALLER, CANCEL, false, 1).withRetries())
                .isEqualTo(new Answer.Failed("it ended the connection", null));

        assertThat(requests).hasSize(2);
    }

    @Test
    void aRetryAlsoReplacesAStaleConnectionOnlyOnce() {
        script.add(STALE);
        script.add(STALE);
        script.add(STALE);

        assertThat(call(Priority.CALLER, CANCEL, false, 2).withRetries())
                .isEqualTo(new Answer.Failed("it ended the connection", null));

        assertThat(requests).hasSize(3);
        assertThat(sleeps).hasSize(1);
    }

    @Test
    void aConflictOnAFirstAttemptIsTheAnswer() {
        script.add(CANCELED_ALREADY);

        assertThat(cancel(false).withRetries()).isEqualTo(conflict(VendorError.BATCH_CANCELED));

        assertThat(requests).containsExactly(CANCEL);
    }

    @Test
    void aConflictAfterAnAmbiguousAttemptIsReconciled() {
        Batch canceled = batch("canceled");
        script.add(error(500, "oops"));
        script.add(CANCELED_ALREADY);
        script.add(new Attempt.Success(canceled));
        Call call = cancel(false);

        assertThat(call.withRetries()).isEqualTo(new Answer.Found(canceled));

        assertThat(requests).containsExactly(CANCEL, CANCEL, RETRIEVE);
        assertThat(call.sent()).isEqualTo(2);
    }

    @Test
    void aConflictAfterAnEarlierUnresolvedCancelIsReconciledToo() {
        Batch canceling = batch("canceling");
        script.add(CANCELED_ALREADY);
        script.add(new Attempt.Success(canceling));

        assertThat(cancel(true).withRetries()).isEqualTo(new Answer.Accepted(canceling));
    }

    @Test
    void aConflictThatTellsOfAnotherEndIsNot() {
        script.add(error(409, VendorError.BATCH_COMPLETED));

        assertThat(cancel(true).withRetries()).isEqualTo(conflict(VendorError.BATCH_COMPLETED));

        assertThat(requests).containsExactly(CANCEL);
    }

    @Test
    void theConflictStaysWhereTheRetrieveFailsAndIsNotRetried() {
        script.add(CANCELED_ALREADY);
        script.add(error(500, "oops"));
        Call call = cancel(true);

        assertThat(call.withRetries()).isEqualTo(conflict(VendorError.BATCH_CANCELED));

        assertThat(requests).containsExactly(CANCEL, RETRIEVE);
        assertThat(call.sent()).isEqualTo(1);
        assertThat(call.ambiguous()).isFalse();
    }

    @Test
    void theRetrieveReplacesAStaleConnection() {
        Batch canceled = batch("canceled");
        script.add(CANCELED_ALREADY);
        script.add(STALE);
        script.add(new Attempt.Success(canceled));

        assertThat(cancel(true).withRetries()).isEqualTo(new Answer.Found(canceled));
    }

    @Test
    void theRetrieveReplacesOneThoughTheCancelHasDoneSo() {
        Batch canceled = batch("canceled");
        script.add(STALE);
        script.add(CANCELED_ALREADY);
        script.add(STALE);
        script.add(new Attempt.Success(canceled));

        assertThat(cancel(false).withRetries()).isEqualTo(new Answer.Found(canceled));
    }

    @Test
    void anUnreadableSuccessIsReconciledAndNotRepeated() {
        Batch canceled = batch("canceled");
        script.add(new Attempt.Unreadable(202));
        script.add(new Attempt.Success(canceled));
        Call call = cancel(false);

        assertThat(call.withRetries()).isEqualTo(new Answer.Found(canceled));

        assertThat(requests).containsExactly(CANCEL, RETRIEVE);
        assertThat(call.ambiguous()).isTrue();
    }

    @Test
    void anUnreadableRetrieveIsAFailure() {
        script.add(new Attempt.Unreadable(200));

        assertThat(retrieve(Priority.CALLER).withRetries())
                .isEqualTo(new Answer.Failed("unreadable with status 200", null));

        assertThat(requests).containsExactly(RETRIEVE);
    }

    @Test
    void aFailureThatIsReadableIsNotReconciled() {
        script.add(error(501, "no"));

        assertThat(cancel(false).withRetries()).isEqualTo(new Answer.Failed("status 501", null));

        assertThat(requests).containsExactly(CANCEL);
    }

    @Test
    void aPauseThatFitsTheDeadlineIsWaitedFor() {
        Batch batch = batch("canceling");
        lane.pause().extend(Duration.ofSeconds(10));
        script.add(new Attempt.Success(batch));

        assertThat(cancel(false).withRetries()).isEqualTo(new Answer.Accepted(batch));

        assertThat(sleeps)
                .singleElement()
                .satisfies(slept -> assertThat(slept).isBetween(Duration.ofSeconds(10), Duration.ofSeconds(11)));
    }

    @Test
    void aPauseThatDoesNotFitIsTheAnswer() {
        lane.pause().extend(Duration.ofHours(1));

        assertThat(cancel(false).withRetries())
                .isEqualTo(new Answer.RateLimited(Duration.ofHours(1), RefusalReason.PAUSED));

        assertThat(sleeps).isEmpty();
        assertThat(requests).isEmpty();
    }

    @Test
    void a429PausesTheTenantAndTellsTheLongestWait() {
        script.add(new Attempt.ErrorStatus(429, null, "60", null));

        assertThat(cancel(false).withRetries())
                .isEqualTo(new Answer.RateLimited(Duration.ofSeconds(60), RefusalReason.UPSTREAM_429));

        assertThat(lane.pause().left()).isEqualTo(Duration.ofSeconds(60));
    }

    @Test
    void a429WithoutRetryAfterDoesNotPause() {
        script.add(new Attempt.ErrorStatus(429, null, null, null));

        retrieve(Priority.BACKGROUND).once();

        assertThat(lane.pause().on()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 403})
    void aRejectedKeyIsNoted(int status) {
        script.add(error(status, "api_key_invalid"));

        assertThat(cancel(false).withRetries()).isEqualTo(new Answer.KeyRejected());

        verify(tenants).keyRejected(TENANT);
    }

    @Test
    void aKeyThatWasReplacedIsSentOnceMoreBeyondTheAttemptsAllowed() {
        Tenant renewed = new Tenant(TENANT.id(), ApiKey.parse("tlk_new").orElseThrow());
        when(tenants.renewed(TENANT)).thenReturn(Optional.of(renewed));
        Batch batch = batch("canceling");
        script.add(error(401, "api_key_invalid"));
        script.add(new Attempt.Success(batch));
        Call call = call(Priority.CALLER, CANCEL, false, 1);

        assertThat(call.withRetries()).isEqualTo(new Answer.Accepted(batch));

        assertThat(keys).containsExactly(TENANT.key(), renewed.key());
        assertThat(call.sent()).isEqualTo(2);
        assertThat(call.ambiguous()).isFalse();
        assertThat(sleeps).isEmpty();
        verify(tenants, never()).keyRejected(any());
        verify(tenants).keyAccepted(renewed);
    }

    @Test
    void aSecondKeyThatIsRefusedIsTheAnswer() {
        Tenant renewed = new Tenant(TENANT.id(), ApiKey.parse("tlk_new").orElseThrow());
        when(tenants.renewed(any())).thenReturn(Optional.of(renewed));
        script.add(error(401, "api_key_invalid"));
        script.add(error(401, "api_key_invalid"));

        assertThat(cancel(false).withRetries()).isEqualTo(new Answer.KeyRejected());

        verify(tenants).keyRejected(renewed);
    }

    @Test
    void anAccountThatIsRefusedHasNoOtherKey() {
        when(tenants.renewed(any())).thenReturn(Optional.of(TENANT));
        script.add(error(403, "api_not_allowed"));

        assertThat(cancel(false).withRetries()).isEqualTo(new Answer.KeyRejected());

        assertThat(requests).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {404, 409})
    void anAnswerAboutTheBatchShowsThatTheKeyWasTaken(int status) {
        script.add(error(status, "no"));

        cancel(false).withRetries();

        verify(tenants).keyAccepted(TENANT);
    }

    @Test
    void soDoesASuccess() {
        script.add(new Attempt.Success(batch("canceling")));

        cancel(false).withRetries();

        verify(tenants).keyAccepted(TENANT);
    }

    @Test
    void otherAnswersSayNothingAboutTheKey() {
        for (int status : new int[] {400, 429, 501, 503}) {
            script.add(error(status, "no"));
            retrieve(Priority.BACKGROUND).once();
        }
        script.add(new Attempt.TimedOut());
        retrieve(Priority.BACKGROUND).once();

        verifyNoInteractions(tenants);
    }

    @Test
    void onceMakesOneAttempt() {
        script.add(new Attempt.TimedOut());

        assertThat(retrieve(Priority.BACKGROUND).once()).isEqualTo(new Answer.DeadlineExceeded());

        assertThat(requests).containsExactly(RETRIEVE);
        // it is no request of a caller: it adds nothing to the budget of retries
        assertThat(lane.budget().tryRetry()).isFalse();
    }

    @Test
    void aCancelThatIsSentOnceIsNotRetriedAndTellsWhatItDid() {
        script.add(error(503, "busy"));
        Call call = call(Priority.BACKGROUND, CANCEL, false, 3);

        assertThat(call.once()).isEqualTo(new Answer.Failed("status 503", null));

        assertThat(requests).containsExactly(CANCEL);
        assertThat(call.sent()).isEqualTo(1);
        assertThat(call.ambiguous()).isTrue();
    }

    @Test
    void aCancelThatIsSentOnceIsReconciledOnce() {
        Batch canceling = batch("canceling");
        script.add(STALE);
        script.add(CANCELED_ALREADY);
        script.add(STALE);
        script.add(new Attempt.Success(canceling));
        Call call = call(Priority.BACKGROUND, CANCEL, true, 3);

        assertThat(call.once()).isEqualTo(new Answer.Accepted(canceling));

        assertThat(requests).containsExactly(CANCEL, CANCEL, RETRIEVE, RETRIEVE);
        assertThat(call.sent()).isEqualTo(2);
    }

    @Test
    void aBulkCallWhoseTurnDoesNotComeBeforeTheDeadlineIsRateLimited() throws Exception {
        lane.bulkhead().tryAcquire(Priority.CALLER, deadline);
        Deadline soon = Deadline.after(Duration.ofMillis(10), System::nanoTime);

        Call call = new Call(collaborators(3), lane, Priority.BULK, CANCEL, TENANT, false, soon);

        assertThat(call.withRetries()).isEqualTo(new Answer.RateLimited(Duration.ofSeconds(1), RefusalReason.BULKHEAD));
        assertThat(requests).isEmpty();
    }

    @Test
    void onceReplacesAStaleConnection() {
        Batch batch = batch("processing");
        script.add(STALE);
        script.add(new Attempt.Success(batch));

        assertThat(retrieve(Priority.BACKGROUND).once()).isEqualTo(new Answer.Found(batch));
    }

    @Test
    void onceWaitsForNothing() throws Exception {
        lane.pause().extend(Duration.ofSeconds(2));
        assertThat(retrieve(Priority.BACKGROUND).once())
                .isEqualTo(new Answer.RateLimited(Duration.ofSeconds(2), RefusalReason.PAUSED));

        now.addAndGet(Duration.ofSeconds(2).toNanos());
        lane.bulkhead().tryAcquire(Priority.CALLER, deadline);
        assertThat(retrieve(Priority.BACKGROUND).once())
                .isEqualTo(new Answer.RateLimited(Duration.ofSeconds(1), RefusalReason.BULKHEAD));

        assertThat(sleeps).isEmpty();
        assertThat(requests).isEmpty();
    }

    @Test
    void anOpenBreakerIsTheAnswer() {
        circuit.transitionToOpenState();

        assertThat(cancel(false).withRetries())
                .isEqualTo(new Answer.Unavailable(Duration.ofSeconds(60), RefusalReason.TENANT_BREAKER));

        assertThat(requests).isEmpty();
    }

    @Test
    void theTimeOfAnAttemptIsCutToTheDeadline() {
        script.add(error(404, "no"));
        script.add(error(404, "no"));
        cancel(false).withRetries();
        now.addAndGet(Duration.ofSeconds(12).toNanos());
        cancel(false).withRetries();

        assertThat(timeouts).containsExactly(Duration.ofSeconds(5), Duration.ofSeconds(3));
    }

    @Test
    void nothingIsSentOnceTheDeadlineIsReached() {
        now.addAndGet(Duration.ofSeconds(15).toNanos());

        assertThat(cancel(false).withRetries()).isEqualTo(new Answer.DeadlineExceeded());

        assertThat(requests).isEmpty();
    }

    @Test
    void thereIsNoReconcilingOnceTheDeadlineIsReached() {
        script.add(CANCELED_ALREADY);
        Attempts slow = (_, _, _, _) -> {
            now.addAndGet(Duration.ofSeconds(15).toNanos());
            return script.remove();
        };
        RetryDecision retry = new RetryDecision(
                3, new Backoff(Duration.ZERO, Duration.ZERO, new Random(1)), Clock.systemUTC(), () -> {});
        Call.Collaborators collaborators =
                new Call.Collaborators(slow, retry, tenants, this::sleep, Duration.ofSeconds(5));

        Call call = new Call(collaborators, lane, Priority.CALLER, CANCEL, TENANT, true, deadline);

        assertThat(call.withRetries()).isEqualTo(conflict(VendorError.BATCH_CANCELED));
    }

    @Test
    void aPageIsTheAnswerToAList() {
        BatchPage page = new BatchPage(List.of(), null, new byte[0]);
        script.add(error(503, "busy"));
        script.add(new Attempt.Success(page));

        assertThat(list().listWithRetries()).isEqualTo(new Listing.Page(page));

        assertThat(requests).containsExactly(LIST, LIST);
        verify(tenants).keyAccepted(TENANT);
    }

    @Test
    void aListFailsAsARetrieveDoes() {
        script.add(error(400, "parameter_invalid"));
        assertThat(list().listWithRetries())
                .isEqualTo(new Listing.Failed(new Answer.Invalid(new VendorError("parameter_invalid", "no"))));

        script.add(new Attempt.Unreadable(200));
        assertThat(list().listWithRetries())
                .isEqualTo(new Listing.Failed(new Answer.Failed("unreadable with status 200", null)));

        lane.pause().extend(Duration.ofHours(1));
        assertThat(list().listWithRetries())
                .isEqualTo(new Listing.Failed(new Answer.RateLimited(Duration.ofHours(1), RefusalReason.PAUSED)));

        now.addAndGet(Duration.ofSeconds(15).toNanos());
        assertThat(list().listWithRetries()).isEqualTo(new Listing.Failed(new Answer.DeadlineExceeded()));

        assertThat(requests).containsExactly(LIST, LIST);
    }

    @Test
    void aListAddsToTheBudgetOfRetries() {
        script.add(error(404, "no"));
        list().listWithRetries();

        assertThat(lane.budget().tryRetry()).isTrue();
    }

    @Test
    void anInterruptEndsAListToo() {
        script.add(error(503, "busy"));
        Thread.currentThread().interrupt();

        assertThat(list().listWithRetries()).isEqualTo(new Listing.Failed(new Answer.DeadlineExceeded()));

        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void anInterruptEndsTheCallAndStaysSet() {
        script.add(error(503, "busy"));
        Thread.currentThread().interrupt();
        // a background call does not wait, so it does not notice
        assertThat(retrieve(Priority.BACKGROUND).once()).isEqualTo(new Answer.Failed("status 503", null));

        assertThat(cancel(false).withRetries()).isEqualTo(new Answer.DeadlineExceeded());
        assertThat(retrieve(Priority.CALLER).once()).isEqualTo(new Answer.DeadlineExceeded());

        assertThat(Thread.interrupted()).isTrue();
    }

    private static Attempt error(int status, String code) {
        return new Attempt.ErrorStatus(status, new VendorError(code, "no"), null, null);
    }

    private static Answer conflict(String code) {
        return new Answer.AlreadyTerminal(new VendorError(code, "no"));
    }

    private static Batch batch(String status) {
        return new Batch(status, null, null, BatchItems.UNKNOWN, new byte[0]);
    }
}
