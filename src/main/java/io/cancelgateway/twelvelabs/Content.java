package io.cancelgateway.twelvelabs;

/** What a readable success holds. */
sealed interface Content permits Batch, BatchPage {}
