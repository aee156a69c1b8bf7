package io.cancelgateway.twelvelabs;

import java.util.List;

/** What {@link TwelveLabs#activeBatches} found. */
public sealed interface ActiveBatches {

    /**
     * The batches that run.
     *
     * @param batches each once, newest first; empty where none runs
     */
    record Found(List<BatchId> batches) implements ActiveBatches {
        public Found {
            batches = List.copyOf(batches);
        }
    }

    /**
     * It is not known which batches run, because a page could not be had, or makes no sense.
     *
     * @param answer how that page failed: any {@link Answer} but {@link Answer.Accepted} and {@link Answer.Found}
     */
    record Failed(Answer answer) implements ActiveBatches {}
}
