package io.cancelgateway.twelvelabs;

/**
 * The error in a response of the upstream, from either of its two shapes: {@code {"error": {"code", "message"}}} or
 * {@code {"code", "message"}}. Where the body has none, code and message are the gateway's own.
 *
 * @param code the error code, such as {@code resource_not_exist} or {@code batch_completed}
 * @param message the message, with the tenant's key removed
 * @see <a href="https://docs.twelvelabs.io/v1.3/api-reference">TwelveLabs API reference</a>
 */
public record VendorError(String code, String message) {

    /** Code of a 409: the batch is canceled already. */
    public static final String BATCH_CANCELED = "batch_canceled";

    /** Code of a 409: the batch is completed. */
    public static final String BATCH_COMPLETED = "batch_completed";

    /** Code of a 409: the batch expired, 24 hours after its creation. */
    public static final String BATCH_EXPIRED = "batch_expired";
}
