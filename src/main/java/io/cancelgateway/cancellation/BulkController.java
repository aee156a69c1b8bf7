package io.cancelgateway.cancellation;

import io.cancelgateway.caller.Caller;
import io.cancelgateway.caller.TenantSelection;
import io.cancelgateway.tenant.Tenant;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

/** Cancels several batches at once: those that the request names, or all that run. */
@RestController
class BulkController {

    static final String PATH = "/v1/cancellations";

    private final BulkCancellations cancellations;
    private final TenantSelection tenants;
    private final JsonMapper json;

    BulkController(BulkCancellations cancellations, TenantSelection tenants, JsonMapper json) {
        this.cancellations = cancellations;
        this.tenants = tenants;
        this.json = json;
    }

    @PostMapping(path = PATH, consumes = MediaType.APPLICATION_JSON_VALUE)
    void cancel(@AuthenticationPrincipal Caller caller, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        BulkRequest bulk = BulkRequest.read(request);
        Tenant tenant = tenants.select(caller, Requests.headers(request, TenantSelection.HEADER));
        boolean async =
                Preferences.of(Requests.headers(request, Preferences.HEADER)).respondAsync();
        RefusalMetricsFilter.leaveCountingToService(request);
        BulkReply reply =
                async ? cancellations.enqueue(caller, tenant, bulk) : cancellations.cancel(caller, tenant, bulk);
        boolean queued = async && !reply.results().isEmpty();
        response.setStatus(queued ? 202 : 200);
        response.setContentType(MediaType.APPLICATION_JSON_VALUE);
        if (queued) {
            response.setHeader(Preferences.APPLIED, "respond-async");
        }
        if (!reply.recorded()) {
            response.setHeader(BatchController.RECORDED, "false");
        }
        reply.retryAfter()
                .ifPresent(wait -> response.setHeader(
                        HttpHeaders.RETRY_AFTER,
                        Long.toString(wait.plusNanos(999_999_999).toSeconds())));
        write(reply, response);
    }

    /** As it is, if it is plain UTF-8, as all of the vendor's are. */
    private void write(byte[] batch, JsonGenerator out) {
        if (batch.length > 1 && batch[0] == '{' && batch[1] != 0) {
            out.writeRawValue(new String(batch, StandardCharsets.UTF_8));
        } else {
            out.writePOJO(json.readTree(batch));
        }
    }

    private void write(BulkReply reply, HttpServletResponse response) throws IOException {
        try (JsonGenerator out = json.createGenerator(response.getOutputStream())) {
            out.writeStartObject();
            out.writeArrayPropertyStart("results");
            for (BulkReply.Result result : reply.results()) {
                out.writeStartObject();
                out.writeStringProperty("batch_id", result.batchId());
                out.writeStringProperty("outcome", result.outcome().word());
                switch (result.reply()) {
                    case BulkReply.Queued() -> {}
                    case BulkReply.Shown(byte[] batch) -> {
                        out.writeName("batch");
                        write(batch, out);
                    }
                    case BulkReply.Refused(String code, String message) -> {
                        out.writeObjectPropertyStart("error");
                        out.writeStringProperty("code", code);
                        out.writeStringProperty("message", message);
                        out.writeEndObject();
                    }
                }
                out.writeEndObject();
            }
            out.writeEndArray();
            out.writeEndObject();
        }
    }
}
