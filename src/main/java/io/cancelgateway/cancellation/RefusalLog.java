package io.cancelgateway.cancellation;

import io.cancelgateway.platform.Ticker;
import io.cancelgateway.tenant.TenantId;
import io.cancelgateway.twelvelabs.DoorRefusal;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.springframework.stereotype.Component;

/** Limits the log of refusals, so that an outage does not fill it: 10 lines a second for each tenant and reason. */
@Component
class RefusalLog {

    private static final int LINES_A_SECOND = 10;
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final Ticker ticker;
    private final Map<Kind, Window> windows = new ConcurrentHashMap<>();

    RefusalLog(Ticker ticker) {
        this.ticker = ticker;
    }

    /**
     * Whether a refusal may be logged now.
     *
     * @return how many of the same tenant and reason were left out since the last line; empty if this one is left out,
     *     too
     */
    OptionalLong next(TenantId tenant, DoorRefusal.Reason reason) {
        return windows.computeIfAbsent(new Kind(tenant, reason), _ -> new Window(ticker.nanos()))
                .next(ticker.nanos());
    }

    private record Kind(TenantId tenant, DoorRefusal.Reason reason) {}

    private static final class Window {

        private long begin;
        private int lines;
        private long leftOut;

        Window(long begin) {
            this.begin = begin;
        }

        synchronized OptionalLong next(long now) {
            if (now - begin >= SECOND) {
                begin = now;
                lines = 0;
            }
            if (lines == LINES_A_SECOND) {
                leftOut++;
                return OptionalLong.empty();
            }
            lines++;
            OptionalLong before = OptionalLong.of(leftOut);
            leftOut = 0;
            return before;
        }
    }
}
