package io.cancelgateway.cancellation;

import io.cancelgateway.caller.Caller;
import io.cancelgateway.caller.TenantSelection;
import io.cancelgateway.problem.Problem;
import io.cancelgateway.problem.ProblemException;
import io.cancelgateway.problem.ProblemType;
import io.cancelgateway.tenant.Tenant;
import io.cancelgateway.twelvelabs.Answer;
import io.cancelgateway.twelvelabs.Batch;
import io.cancelgateway.twelvelabs.BatchId;
import io.cancelgateway.twelvelabs.VendorError;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * The upstream's own paths, so that a TwelveLabs SDK works against the gateway. The body of a cancel is ignored.
 *
 * @see <a href="https://docs.twelvelabs.io/v1.3/api-reference">TwelveLabs API reference</a>
 */
@RestController
class BatchController {

    private final Cancellations cancellations;
    private final TenantSelection tenants;

    BatchController(Cancellations cancellations, TenantSelection tenants) {
        this.cancellations = cancellations;
        this.tenants = tenants;
    }

    @PostMapping("/v1.3/analyze/batches/{batch_id}/cancel")
    ResponseEntity<byte[]> cancel(
            @AuthenticationPrincipal Caller caller, @PathVariable("batch_id") String id, HttpServletRequest request)
            throws IOException {
        BatchId batch = Requests.batchId(id);
        IgnoredBody.requireSmall(request);
        Optional<CancelReason> reason = CancelReason.of(Requests.headers(request, CancelReason.HEADER));
        Tenant tenant = tenants.select(caller, Requests.headers(request, TenantSelection.HEADER));
        RefusalMetricsFilter.leaveCountingToService(request);
        return render(cancellations.cancel(caller, tenant, batch, reason));
    }

    @GetMapping("/v1.3/analyze/batches/{batch_id}")
    ResponseEntity<byte[]> retrieve(
            @AuthenticationPrincipal Caller caller, @PathVariable("batch_id") String id, HttpServletRequest request) {
        BatchId batch = Requests.batchId(id);
        Tenant tenant = tenants.select(caller, Requests.headers(request, TenantSelection.HEADER));
        return render(cancellations.retrieve(tenant, batch));
    }

    private static ResponseEntity<byte[]> render(Answer answer) {
        return switch (answer) {
            case Answer.Accepted(Batch batch) -> json(202, batch);
            case Answer.Found(Batch batch) -> json(200, batch);
            case Answer.Invalid(VendorError error) -> throw upstreamSays(ProblemType.UPSTREAM_BAD_REQUEST, error);
            case Answer.NotFound(VendorError error) -> throw upstreamSays(ProblemType.BATCH_NOT_FOUND, error);
            case Answer.AlreadyTerminal(VendorError error) -> throw upstreamSays(ProblemType.BATCH_TERMINAL, error);
            case Answer.RateLimited(Duration retryAfter) ->
                throw Problem.of(ProblemType.TOO_MANY_REQUESTS, "The tenant is over its rate or its concurrency.")
                        .withRetryAfter(retryAfter)
                        .toException();
            case Answer.KeyRejected() ->
                throw Problem.of(
                                ProblemType.TENANT_KEY_REJECTED,
                                "The upstream refuses the tenant's key or account; its operators must act.")
                        .toException();
            case Answer.Failed(String why, Duration retryAfter) ->
                throw Problem.of(ProblemType.UPSTREAM_ERROR, "The upstream gave no usable answer: " + why + ".")
                        .withRetryAfter(retryAfter)
                        .toException();
            case Answer.Unavailable(Duration retryAfter) ->
                throw Problem.of(
                                ProblemType.UPSTREAM_UNAVAILABLE,
                                "The upstream fails too often; nothing is sent to it for now.")
                        .withRetryAfter(retryAfter)
                        .toException();
            case Answer.DeadlineExceeded() ->
                throw Problem.of(
                                ProblemType.DEADLINE_EXCEEDED,
                                "The upstream did not answer in time; whether the request took effect is not known.")
                        .toException();
        };
    }

    private static ResponseEntity<byte[]> json(int status, Batch batch) {
        return ResponseEntity.status(status)
                .contentType(MediaType.APPLICATION_JSON)
                .body(batch.body());
    }

    private static ProblemException upstreamSays(ProblemType type, VendorError error) {
        return Problem.of(type, error.message()).withCode(error.code()).toException();
    }
}
