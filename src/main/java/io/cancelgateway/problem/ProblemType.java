package io.cancelgateway.problem;

/** The one table of errors: each with its status, title and code. No other code picks a status. */
public enum ProblemType {
    /** A malformed batch id, body, header or query. */
    PARAMETER_INVALID(400, "Invalid parameter"),
    /** Two different credentials in one request. */
    CREDENTIAL_CONFLICT(400, "Two different credentials"),
    /** The caller serves several tenants and named none. */
    TENANT_REQUIRED(400, "Tenant required"),
    /** No credential, or an unknown one. */
    UNAUTHORIZED(401, "Unauthorized"),
    /** The caller lacks the permission for the request. */
    PERMISSION_DENIED(403, "Permission denied"),
    /** The tenant is unknown, has no usable key, or is not the caller's: one error, so that names cannot be probed. */
    TENANT_NOT_ALLOWED(403, "Tenant not allowed"),
    /** No such path. */
    NOT_FOUND(404, "Not found"),
    /** The ledger has no such record. */
    CANCELLATION_NOT_FOUND(404, "No such cancellation"),
    /** The path does not accept the method. */
    METHOD_NOT_ALLOWED(405, "Method not allowed"),
    /** The path does not accept the content type. */
    UNSUPPORTED_MEDIA_TYPE(415, "Unsupported media type"),
    /** The body is larger than the path accepts. */
    CONTENT_TOO_LARGE(413, "Content too large"),
    /** The servlet container refused the request, or could not read its body. The status is the container's. */
    BAD_REQUEST(400, "Bad request"),
    /** The upstream answered 400; code and message are its own. */
    UPSTREAM_BAD_REQUEST(400, "Refused by the upstream"),
    /** The upstream has no such batch; code and message are its own. */
    BATCH_NOT_FOUND(404, "No such batch"),
    /** The batch is already terminal; code and message are the upstream's. */
    BATCH_TERMINAL(409, "Batch already terminal"),
    /** The tenant is over its rate or its concurrency. */
    TOO_MANY_REQUESTS(429, "Too many requests"),
    /** The upstream refused the tenant's key or account (401 or 403). */
    TENANT_KEY_REJECTED(502, "Tenant key rejected by the upstream"),
    /** The upstream could not be reached, failed, or sent an unusable answer. */
    UPSTREAM_ERROR(502, "Upstream error"),
    /** A breaker is open: nothing is sent upstream for now. */
    UPSTREAM_UNAVAILABLE(503, "Upstream unavailable"),
    /** The request needs the ledger, whose database does not answer. */
    LEDGER_UNAVAILABLE(503, "Ledger unavailable"),
    /** The identity provider cannot be reached, and the key of the caller's JWT is not known. */
    IDENTITY_UNAVAILABLE(503, "Identity provider unavailable"),
    /** The deadline was reached, or the last attempt allowed timed out. */
    DEADLINE_EXCEEDED(504, "Deadline exceeded"),
    /** A bug. */
    INTERNAL_ERROR(500, "Internal error");

    private final int status;
    private final String title;
    private final String code;

    ProblemType(int status, String title) {
        this.status = status;
        this.title = title;
        this.code = name().toLowerCase(java.util.Locale.ROOT);
    }

    /** The HTTP status of the answer. */
    public int status() {
        return status;
    }

    /** The {@code error.code}, unless the upstream sent one of its own. */
    public String code() {
        return code;
    }

    /** The {@code title} member. */
    public String title() {
        return title;
    }

    /** The {@code type} member: a name, not an address (RFC 9457, section 3.1.1). */
    public String uri() {
        return "urn:problem-type:cancel-gateway:" + code;
    }
}
