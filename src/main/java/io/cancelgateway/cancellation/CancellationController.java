package io.cancelgateway.cancellation;

import io.cancelgateway.caller.Caller;
import io.cancelgateway.caller.TenantSelection;
import io.cancelgateway.ledger.AuditEntry;
import io.cancelgateway.ledger.Cancellation;
import io.cancelgateway.ledger.CancellationQuery;
import io.cancelgateway.ledger.LedgerQueries;
import io.cancelgateway.problem.Problem;
import io.cancelgateway.problem.ProblemType;
import io.cancelgateway.tenant.Tenant;
import io.cancelgateway.twelvelabs.BatchId;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import org.springframework.http.HttpHeaders;
import org.springframework.http.InvalidMediaTypeException;
import org.springframework.http.MediaType;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.json.JsonMapper;

/** Shows the ledger: one record, a page of records, or all matching records for an audit. */
@RestController
class CancellationController {

    private static final MediaType NDJSON = MediaType.APPLICATION_NDJSON;

    /** How many records an export reads at once. Its length is not limited. */
    private static final int EXPORT_PAGE = 500;

    private final LedgerQueries ledger;
    private final RequestRecorder requests;
    private final TenantSelection tenants;
    private final JsonMapper json;

    CancellationController(LedgerQueries ledger, RequestRecorder requests, TenantSelection tenants, JsonMapper json) {
        this.ledger = ledger;
        this.requests = requests;
        this.tenants = tenants;
        this.json = json;
    }

    @GetMapping("/v1/cancellations/{batch_id}")
    void record(
            @AuthenticationPrincipal Caller caller,
            @PathVariable("batch_id") String id,
            HttpServletRequest request,
            HttpServletResponse response)
            throws IOException {
        BatchId batch = Requests.batchId(id);
        Tenant tenant = tenants.select(caller, Requests.headers(request, TenantSelection.HEADER));
        requests.requireAvailable();
        Cancellation found = ledger.find(Cancellations.key(tenant, batch))
                .orElseThrow(() -> Problem.of(
                                ProblemType.CANCELLATION_NOT_FOUND,
                                "This gateway has no cancellation of that batch for this tenant.")
                        .toException());
        write(CancellationView.of(found, ledger.requests(found.id(), AuditEntry.MOST_SHOWN)), response);
    }

    @GetMapping("/v1/cancellations")
    void records(@AuthenticationPrincipal Caller caller, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        Tenant tenant = tenants.select(caller, Requests.headers(request, TenantSelection.HEADER));
        ListParameters parameters = ListParameters.of(request);
        requests.requireAvailable();
        CancellationQuery query = parameters.query(tenant.id());
        if (wantsNdjson(request)) {
            export(query, response);
        } else {
            write(PageView.of(ledger.list(query, parameters.limit() + 1), parameters.limit()), response);
        }
    }

    /** Writes JSON, whatever the request accepts; errors do the same. */
    private void write(Object view, HttpServletResponse response) throws IOException {
        byte[] body = json.writeValueAsBytes(view);
        response.setContentType(MediaType.APPLICATION_JSON_VALUE);
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }

    /** Reads one page after the other: an export holds no database connection while a slow client receives it. */
    private void export(CancellationQuery query, HttpServletResponse response) throws IOException {
        response.setContentType(NDJSON.toString());
        OutputStream lines = response.getOutputStream();
        List<Cancellation> found = ledger.list(query, EXPORT_PAGE);
        while (!found.isEmpty()) {
            for (Cancellation cancellation : found) {
                lines.write(json.writeValueAsBytes(CancellationView.of(cancellation)));
                lines.write('\n');
            }
            found = found.size() < EXPORT_PAGE ? List.of() : ledger.list(query.after(found.getLast()), EXPORT_PAGE);
        }
        lines.flush();
    }

    /** Whether the request names NDJSON and does not prefer JSON (RFC 9110, section 12.5.1). */
    private static boolean wantsNdjson(HttpServletRequest request) {
        try {
            List<MediaType> accepted = MediaType.parseMediaTypes(Requests.headers(request, HttpHeaders.ACCEPT));
            double lines = quality(NDJSON, accepted);
            return lines > 0 && lines >= quality(MediaType.APPLICATION_JSON, accepted);
        } catch (InvalidMediaTypeException e) {
            return false;
        }
    }

    private static double quality(MediaType type, List<MediaType> accepted) {
        return accepted.stream()
                .filter(type::equalsTypeAndSubtype)
                .mapToDouble(MediaType::getQualityValue)
                .max()
                .orElse(0);
    }
}
