package io.cancelgateway.cancellation;

import io.cancelgateway.caller.Caller;
import io.cancelgateway.caller.TenantSelection;
import io.cancelgateway.cancellation.Cancellations.CancelRequest;
import io.cancelgateway.cancellation.Cancellations.Reply;
import io.cancelgateway.ledger.AuditEntry;
import io.cancelgateway.ledger.Cancellation;
import io.cancelgateway.platform.CallerConnection;
import io.cancelgateway.tenant.Tenant;
import io.cancelgateway.twelvelabs.Answer;
import io.cancelgateway.twelvelabs.BatchId;
import io.cancelgateway.twelvelabs.BatchPage;
import io.cancelgateway.twelvelabs.BatchQuery;
import io.cancelgateway.twelvelabs.Listing;
import io.cancelgateway.twelvelabs.TwelveLabs;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.json.JsonMapper;

/**
 * The upstream's own paths, so that a TwelveLabs SDK works against the gateway. The body of a cancel is ignored.
 *
 * @see <a href="https://docs.twelvelabs.io/v1.3/api-reference">TwelveLabs API reference</a>
 */
@RestController
class BatchController {

    static final String RECORDED = "Cancellation-Recorded";

    private final Cancellations cancellations;
    private final TwelveLabs twelveLabs;
    private final TenantSelection tenants;
    private final JsonMapper json;
    private final Duration maxWait;

    BatchController(
            Cancellations cancellations,
            TwelveLabs twelveLabs,
            TenantSelection tenants,
            JsonMapper json,
            WaitProperties waits) {
        this.cancellations = cancellations;
        this.twelveLabs = twelveLabs;
        this.tenants = tenants;
        this.json = json;
        this.maxWait = waits.max();
    }

    @PostMapping("/v1.3/analyze/batches/{batch_id}/cancel")
    ResponseEntity<byte[]> cancel(
            @AuthenticationPrincipal Caller caller,
            @PathVariable("batch_id") String id,
            HttpServletRequest request,
            HttpServletResponse response)
            throws IOException {
        BatchId batch = Requests.batchId(id);
        IgnoredBody.requireSmall(request);
        Optional<CancelReason> reason = CancelReason.of(Requests.headers(request, CancelReason.HEADER));
        Tenant tenant = tenants.select(caller, Requests.headers(request, TenantSelection.HEADER));
        Preferences preferences = Preferences.of(Requests.headers(request, Preferences.HEADER));
        RefusalMetricsFilter.leaveCountingToService(request);
        Optional<Duration> wait = preferences.waitFor().map(asked -> asked.compareTo(maxWait) < 0 ? asked : maxWait);
        CancelRequest cancel = new CancelRequest(
                caller, tenant, batch, reason, wait.orElse(Duration.ZERO), () -> CallerConnection.isClosed(request));
        Reply reply = preferences.respondAsync() ? cancellations.enqueue(cancel) : cancellations.cancel(cancel);
        return switch (reply) {
            case Reply.Answered(Answer answer, int _, boolean recorded, boolean waited) -> {
                if (!recorded) {
                    response.setHeader(RECORDED, "false"); // of a problem, too
                }
                byte[] body = Replies.batchOrThrow(answer).body();
                applied(response, preferences.respondAsync(), wait.filter(_ -> waited));
                yield json(answer instanceof Answer.Found ? 200 : 202, body);
            }
            case Reply.Queued(Cancellation record, List<AuditEntry> requests, boolean waited) -> {
                applied(response, true, wait.filter(_ -> waited));
                response.setHeader(
                        HttpHeaders.LOCATION,
                        "/v1/cancellations/" + record.key().batchId());
                yield json(202, json.writeValueAsBytes(CancellationView.of(record, requests)));
            }
        };
    }

    private static void applied(HttpServletResponse response, boolean respondedAsync, Optional<Duration> waited) {
        Preferences.applied(respondedAsync, waited)
                .ifPresent(applied -> response.setHeader(Preferences.APPLIED, applied));
    }

    @GetMapping("/v1.3/analyze/batches/{batch_id}")
    ResponseEntity<byte[]> retrieve(
            @AuthenticationPrincipal Caller caller, @PathVariable("batch_id") String id, HttpServletRequest request) {
        BatchId batch = Requests.batchId(id);
        Tenant tenant = tenants.select(caller, Requests.headers(request, TenantSelection.HEADER));
        return render(cancellations.retrieve(tenant, batch));
    }

    @GetMapping("/v1.3/analyze/batches")
    ResponseEntity<byte[]> list(@AuthenticationPrincipal Caller caller, HttpServletRequest request) {
        BatchQuery query = BatchListParameters.of(request);
        Tenant tenant = tenants.select(caller, Requests.headers(request, TenantSelection.HEADER));
        return switch (twelveLabs.list(tenant, query)) {
            case Listing.Page(BatchPage page) -> json(200, page.body());
            case Listing.Failed(Answer answer) -> render(answer);
        };
    }

    private static ResponseEntity<byte[]> render(Answer answer) {
        return json(
                answer instanceof Answer.Accepted ? 202 : 200,
                Replies.batchOrThrow(answer).body());
    }

    private static ResponseEntity<byte[]> json(int status, byte[] body) {
        return ResponseEntity.status(status)
                .contentType(MediaType.APPLICATION_JSON)
                .body(body);
    }
}
