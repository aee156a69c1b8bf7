package io.cancelgateway.cancellation;

import io.cancelgateway.caller.Caller;
import io.cancelgateway.tenant.Tenant;
import io.cancelgateway.twelvelabs.Answer;
import io.cancelgateway.twelvelabs.BatchId;
import io.cancelgateway.twelvelabs.TwelveLabs;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Service;

/** The central path: ask the upstream, record what came back, return it. */
@Service
class Cancellations {

    private static final Logger log = LoggerFactory.getLogger(Cancellations.class);

    private final TwelveLabs twelveLabs;
    private final CancellationMetrics metrics;

    Cancellations(TwelveLabs twelveLabs, CancellationMetrics metrics) {
        this.twelveLabs = twelveLabs;
        this.metrics = metrics;
    }

    Answer cancel(Caller caller, Tenant tenant, BatchId batch) {
        Answer answer = twelveLabs.cancel(tenant, batch);
        Outcome outcome = Outcome.of(answer);
        metrics.record(tenant.id(), outcome);
        if (answer instanceof Answer.Accepted(var accepted)) {
            accepted.canceledItems().ifPresent(items -> metrics.acceptedCanceledItems(tenant.id(), items));
        }
        log.info("Cancel of batch {} of tenant {} by {}: {}", batch, tenant.id(), caller.name(), outcome.word());
        return answer;
    }

    Answer retrieve(Tenant tenant, BatchId batch) {
        return twelveLabs.retrieve(tenant, batch);
    }
}
