package io.cancelgateway.twelvelabs;

/**
 * What the upstream says of a request that it refused.
 *
 * @param code its error code, such as {@code resource_not_exist} or {@code batch_completed}
 * @param message its words, without the tenant's key
 */
public record VendorError(String code, String message) {

    /** 409: the batch was canceled before. */
    public static final String BATCH_CANCELED = "batch_canceled";

    /** 409: the batch ran to its end. */
    public static final String BATCH_COMPLETED = "batch_completed";

    /** 409: the batch was cut off after its 24 hours. */
    public static final String BATCH_EXPIRED = "batch_expired";
}
