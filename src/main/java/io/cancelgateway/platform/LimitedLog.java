package io.cancelgateway.platform;

import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Limits the lines of a log, so that what happens in masses does not fill it: 10 lines a second for each kind. Safe for
 * use by many threads.
 *
 * @param <K> the kinds; there must not be many
 */
public final class LimitedLog<K> {

    private static final int LINES_A_SECOND = 10;
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final Ticker ticker;
    private final Map<K, Window> windows = new ConcurrentHashMap<>();

    public LimitedLog(Ticker ticker) {
        this.ticker = ticker;
    }

    /**
     * Whether a line of this kind may be written now.
     *
     * @return how many of this kind were left out since the last one; empty if this one is left out, too
     */
    public OptionalLong next(K kind) {
        return windows.computeIfAbsent(kind, _ -> new Window(ticker.nanos())).next(ticker.nanos());
    }

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
