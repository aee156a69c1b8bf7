package io.cancelgateway.cancellation;

import io.cancelgateway.ledger.Cancellation;
import io.cancelgateway.ledger.CancellationQuery.Position;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Optional;

/** The position where a page ended, as opaque text: the time in microseconds and the id, in base64url. */
final class Cursor {

    private static final int LENGTH = 2 * Long.BYTES;

    /** The end of the year 9999: databases do not support much later times. */
    private static final long LAST_MICROS = 253_402_300_799_000_000L;

    private Cursor() {}

    static String of(Cancellation last) {
        byte[] bytes = ByteBuffer.allocate(LENGTH)
                .putLong(ChronoUnit.MICROS.between(Instant.EPOCH, last.requestedAt()))
                .putLong(last.id())
                .array();
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** The position in {@code text}, or empty if it is no cursor. */
    static Optional<Position> parse(String text) {
        try {
            byte[] bytes = Base64.getUrlDecoder().decode(text);
            if (bytes.length != LENGTH) {
                return Optional.empty();
            }
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            long micros = buffer.getLong();
            return micros < 0 || micros > LAST_MICROS
                    ? Optional.empty()
                    : Optional.of(new Position(Instant.EPOCH.plus(micros, ChronoUnit.MICROS), buffer.getLong()));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
