package io.cancelgateway.platform;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotLinkException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of a directory, by name: of a mounted Kubernetes Secret, or of any other directory. They may be read again
 * at any time. Safe for use by many threads.
 *
 * @see <a href="https://kubernetes.io/docs/concepts/configuration/secret/#using-secrets-as-files-from-a-pod">Kubernetes:
 *     using Secrets as files</a>
 */
public final class MountedFiles {

    private static final Logger log = LoggerFactory.getLogger(MountedFiles.class);

    /** Far more than a secret needs. It keeps a wrong mount from filling the heap. */
    private static final int MAX_FILE_BYTES = 64 * 1024;

    /** A mounted Secret's link to the directory that its files are in. */
    private static final String DATA = "..data";

    private final Path directory;

    /** What was last said of a file that is of no use. */
    private final Map<String, String> warned = new ConcurrentHashMap<>();

    /**
     * @param setting the name of the setting, for the message
     * @throws InvalidSettingException if there is no such directory
     */
    public MountedFiles(String setting, Path directory) {
        if (!Files.isDirectory(directory)) {
            throw new InvalidSettingException(setting, "must name an existing directory");
        }
        this.directory = directory;
    }

    /** What a file holds. */
    public record Content(@Nullable String text) {

        /** The text, or empty if the file cannot be read. */
        public Optional<String> readable() {
            return Optional.ofNullable(text);
        }

        @Override
        public String toString() {
            return "Content[hidden]";
        }
    }

    /**
     * Reads all files. If a mounted Secret is replaced meanwhile, they are read again: they would be some of the old
     * and some of the new.
     *
     * @throws IOException if the directory cannot be listed
     */
    public Map<String, Content> read() throws IOException {
        while (true) {
            Optional<Path> version = version();
            Map<String, Content> contents = readEach();
            if (version.equals(version())) {
                return contents;
            }
        }
    }

    /** Where the files of a mounted Secret are; empty if the directory is another one. */
    private Optional<Path> version() throws IOException {
        try {
            return Optional.of(Files.readSymbolicLink(directory.resolve(DATA)));
        } catch (NoSuchFileException | NotLinkException e) {
            return Optional.empty();
        }
    }

    private Map<String, Content> readEach() throws IOException {
        Map<String, Content> contents = new TreeMap<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, MountedFiles::mayBeContent)) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                read(name).ifPresent(content -> contents.put(name, content));
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        warned.keySet().retainAll(contents.keySet());
        return contents;
    }

    /** A mounted Secret has {@code ..data} and dated directories beside the links to its files. */
    private static boolean mayBeContent(Path path) {
        return !path.getFileName().toString().startsWith(".") && !Files.isDirectory(path);
    }

    /** Reads one file; empty if there is none, or none any more. */
    public Optional<Content> read(String name) {
        Path file = directory.resolve(name);
        try (InputStream in = Files.newInputStream(file)) {
            return Optional.of(new Content(new String(in.readNBytes(MAX_FILE_BYTES), StandardCharsets.UTF_8)));
        } catch (NoSuchFileException e) {
            return leadsElsewhere(file) ? unreadable(name, e) : Optional.empty();
        } catch (IOException e) {
            return unreadable(name, e);
        }
    }

    private Optional<Content> unreadable(String name, IOException e) {
        warn(name, "it cannot be read, " + e);
        return Optional.of(new Content(null));
    }

    /**
     * Whether this is a link that no Secret has. A Secret's own link leads nowhere for a moment when its file was
     * removed: the file goes first, then the link.
     */
    private static boolean leadsElsewhere(Path file) {
        try {
            return !Files.readSymbolicLink(file).startsWith(DATA);
        } catch (IOException e) {
            return false;
        }
    }

    /** Says in the log what is wrong with a file. Once for each reason: the files are read again every few seconds. */
    public void warn(String name, String reason) {
        if (!reason.equals(warned.put(name, reason))) {
            log.warn("File {}: {}", directory.resolve(name), reason);
        }
    }

    /** Notes that nothing is wrong with a file. */
    public void isGood(String name) {
        warned.remove(name);
    }
}
