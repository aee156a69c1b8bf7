package io.cancelgateway.platform;

import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * An event of the audit log: who asked for what, what became of it, and who was refused. All of them are written by one
 * logger, and this is its schema. docs/OPERATIONS.md explains each field.
 */
public final class AuditEvent {

    /** The name of the one logger. */
    public static final String LOGGER = "io.cancelgateway.audit";

    private static final Logger log = LoggerFactory.getLogger(LOGGER);

    private LoggingEventBuilder event;

    private AuditEvent(Action action, Level level) {
        event = log.atLevel(level).addKeyValue(Field.ACTION.fieldName(), action.word());
    }

    /** What happened. */
    public enum Action {
        /** A request to cancel a batch was answered. */
        CANCEL,
        /** A cancellation came to its end. */
        END,
        /** A request was refused for who sent it. */
        REFUSAL;

        /** As the log has it. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The fields. Every event has {@link #ACTION}; docs/OPERATIONS.md tells which else. */
    public enum Field {
        ACTION("event.action"),
        TENANT("tenant"),
        BATCH_ID("batch_id"),
        CALLER("caller"),
        REASON("reason"),
        OUTCOME("outcome"),
        CAUSE("cause"),
        RECEIVED_AT("received_at"),
        DURATION_MS("duration_ms"),
        ATTEMPTS("attempts"),
        RECORDED("recorded"),
        LEFT_OUT("left_out"),
        STATE("state"),
        CANCELED_ITEMS("canceled_items"),
        SOURCE_ADDRESS("source_address"),
        METHOD("method"),
        PATH("path");

        private final String name;

        Field(String name) {
            this.name = name;
        }

        /** As the log has it. */
        public String fieldName() {
            return name;
        }
    }

    /**
     * Begins an event. It is written by {@link #log}.
     *
     * @param level {@code WARN} for what an operator should look at, else {@code INFO}
     */
    public static AuditEvent of(Action action, Level level) {
        return new AuditEvent(action, level);
    }

    /** Adds a field. One whose value is null is left out. */
    public AuditEvent with(Field field, @Nullable Object value) {
        if (value != null) {
            event = event.addKeyValue(field.fieldName(), value);
        }
        return this;
    }

    /** Writes it, with a sentence for those who read plain text. */
    public void log(String sentence, @Nullable Object... arguments) {
        event.log(sentence, arguments);
    }
}
