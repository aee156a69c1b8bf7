package io.cancelgateway.twelvelabs;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;

/**
 * Keeps two kinds of response from the HTTP client that it does not handle.
 *
 * <p>Interim responses, such as 103 Early Hints, are dropped. The client would take one for the final response and give
 * the connection back. The real response would then be read as the answer to the next request on it, perhaps another
 * tenant's.
 *
 * <p>A status that has not three digits makes the response malformed. The client lets it through, and the observation
 * of the request then fails at its end: no meter, a span that stays open, and a stack trace in the log.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9110#section-15">RFC 9110, section 15</a>
 */
final class ResponseHeads extends ChannelInboundHandlerAdapter {

    private boolean dropping;

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (message instanceof HttpResponse response) {
            dropping = response.status().codeClass() == HttpStatusClass.INFORMATIONAL;
            if (response.status().code() < 100 || response.status().code() > 999) {
                response.setDecoderResult(
                        DecoderResult.failure(new IllegalArgumentException("The status has not three digits")));
            }
        }
        if (!dropping) {
            context.fireChannelRead(message);
            return;
        }
        ReferenceCountUtil.release(message);
        if (message instanceof LastHttpContent) {
            dropping = false;
        }
        // the client still waits for the message that was dropped
        context.read();
    }
}
