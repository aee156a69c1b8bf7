package io.cancelgateway.platform;

import jakarta.servlet.ServletRequest;
import org.apache.catalina.connector.Request;
import org.apache.coyote.ActionCode;
import org.jspecify.annotations.Nullable;

/**
 * The connection that a request came on. The Servlet API tells a thread that works on a request nothing of a caller
 * that hangs up; Tomcat does if it is asked. Only the request's own thread may ask, and not after the request.
 */
public final class CallerConnection {

    private static final String ATTRIBUTE = CallerConnection.class.getName();

    private final org.apache.coyote.Request request;

    private CallerConnection(org.apache.coyote.Request request) {
        this.request = request;
    }

    /** Lets {@link #isClosed} find the connection of this request. */
    static void attachTo(Request request) {
        request.setAttribute(ATTRIBUTE, new CallerConnection(request.getCoyoteRequest()));
    }

    /**
     * Whether the caller has closed the connection, or its side of it. False where that cannot be told: if the caller
     * has sent a second request that waits behind this one, or the container is not Tomcat. Does not block.
     */
    public static boolean isClosed(ServletRequest request) {
        @Nullable Object connection = request.getAttribute(ATTRIBUTE);
        return connection instanceof CallerConnection caller && caller.isClosed();
    }

    /** To Tomcat, the end of the stream is available after a read, though no byte is. */
    private boolean isClosed() {
        return !isAvailable(false) && isAvailable(true) && !isAvailable(false);
    }

    private boolean isAvailable(boolean afterRead) {
        request.action(ActionCode.AVAILABLE, afterRead);
        return request.getAvailable() > 0;
    }
}
