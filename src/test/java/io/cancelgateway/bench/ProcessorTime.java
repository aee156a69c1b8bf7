package io.cancelgateway.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The processor time of processes, user and system, as Linux tells it. */
final class ProcessorTime {

    private static final long MICROS_PER_TICK = 10_000;

    private ProcessorTime() {}

    /** In microseconds. */
    static long of(long process) {
        String[] fields = fields(process);
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * MICROS_PER_TICK;
    }

    /** In microseconds, with its children, be they over or not. */
    static long withChildren(long process) {
        String[] fields = fields(process);
        long over = (Long.parseLong(fields[13]) + Long.parseLong(fields[14])) * MICROS_PER_TICK;
        try (Stream<ProcessHandle> children =
                ProcessHandle.of(process).orElseThrow().children()) {
            return of(process)
                    + over
                    + children.mapToLong(child -> ofAny(child.pid())).sum();
        }
    }

    private static long ofAny(long process) {
        try {
            return of(process);
        } catch (UncheckedIOException e) {
            return 0; // over meanwhile
        }
    }

    /** What follows the name, which may have spaces in it. */
    private static String[] fields(long process) {
        try {
            String line = Files.readString(Path.of("/proc/" + process + "/stat"));
            return line.substring(line.lastIndexOf(')') + 2).split(" ");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
