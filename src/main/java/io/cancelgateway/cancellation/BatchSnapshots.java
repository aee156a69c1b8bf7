package io.cancelgateway.cancellation;

import io.cancelgateway.ledger.BatchSnapshot;
import io.cancelgateway.ledger.ItemCounts;
import io.cancelgateway.twelvelabs.Batch;
import io.cancelgateway.twelvelabs.BatchItems;

/** Converts a batch of the vendor to a snapshot for the ledger. */
final class BatchSnapshots {

    private BatchSnapshots() {}

    static BatchSnapshot of(Batch batch) {
        BatchItems items = batch.items();
        return new BatchSnapshot(
                batch.modelName(),
                batch.analysisMode(),
                new ItemCounts(
                        items.total(),
                        items.queued(),
                        items.processing(),
                        items.ready(),
                        items.failed(),
                        items.canceled()));
    }
}
