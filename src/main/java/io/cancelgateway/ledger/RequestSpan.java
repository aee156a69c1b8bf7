package io.cancelgateway.ledger;

/**
 * Where a request is in its trace.
 *
 * @param traceId 32 hex digits
 * @param spanId 16 hex digits
 * @see <a href="https://www.w3.org/TR/trace-context/#traceparent-header">W3C Trace Context, section 3.2</a>
 */
public record RequestSpan(String traceId, String spanId) {}
