package io.cancelgateway.tenant;

import io.cancelgateway.platform.InvalidSettingException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads the keys of all tenants in one pass, from the settings and from the directory. */
class KeySource {

    private static final Logger log = LoggerFactory.getLogger(KeySource.class);

    /** Far more than a key needs. It keeps a wrong mount from filling the heap. */
    private static final int MAX_FILE_BYTES = 4096;

    private final @Nullable Path directory;
    private final Map<TenantId, ApiKey> settings = new TreeMap<>();

    /** What was last said of a file that is of no use. Guarded by the lock of {@link Tenants#load}. */
    private final Map<Path, String> warned = new HashMap<>();

    /** @throws InvalidSettingException if a setting is invalid; it names the setting */
    KeySource(TenantProperties properties) {
        directory = properties.tenantsDir();
        if (directory != null && !Files.isDirectory(directory)) {
            throw new InvalidSettingException("gateway.tenants-dir", "must name an existing directory");
        }
        properties.tenants().forEach((name, setting) -> {
            TenantId id = TenantId.parse(name)
                    .orElseThrow(() -> new InvalidSettingException(
                            "gateway.tenants." + name, "must name the tenant by " + TenantId.RULE));
            settings.put(id, key("gateway.tenants." + name + ".api-key", setting));
        });
    }

    private static ApiKey key(String setting, TenantProperties.Setting value) {
        return Optional.ofNullable(value.apiKey())
                .flatMap(ApiKey::parse)
                .orElseThrow(() -> new InvalidSettingException(setting, ApiKey.RULE));
    }

    /**
     * Every tenant that is configured now, with its key, or empty if its file holds no valid key. If a file and a
     * setting name the same tenant, the file wins.
     *
     * @throws IOException if the directory cannot be listed
     */
    Map<TenantId, Optional<ApiKey>> read() throws IOException {
        Map<TenantId, Optional<ApiKey>> keys = new TreeMap<>();
        settings.forEach((id, key) -> keys.put(id, Optional.of(key)));
        if (directory != null) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, KeySource::mayBeKeyFile)) {
                for (Path file : files) {
                    TenantId.parse(file.getFileName().toString())
                            .ifPresentOrElse(
                                    id -> keys.put(id, read(file)),
                                    () -> warn(file, "its name is not a tenant id, " + TenantId.RULE + "; ignored"));
                }
            }
        }
        return keys;
    }

    /** A mounted Secret has {@code ..data} and dated directories beside the links to its files. */
    private static boolean mayBeKeyFile(Path path) {
        return !path.getFileName().toString().startsWith(".") && !Files.isDirectory(path);
    }

    private Optional<ApiKey> read(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] content = in.readNBytes(MAX_FILE_BYTES);
            Optional<ApiKey> key = ApiKey.parse(new String(content, StandardCharsets.UTF_8));
            if (key.isEmpty()) {
                warn(file, "it holds no valid API key. An API key " + ApiKey.RULE);
            } else {
                warned.remove(file);
            }
            return key;
        } catch (IOException e) {
            warn(file, "it cannot be read, " + e);
            return Optional.empty();
        }
    }

    /** Once for each reason: the files are read again every few seconds. */
    private void warn(Path file, String reason) {
        if (!reason.equals(warned.put(file, reason))) {
            log.warn("Key file {}: {}", file, reason);
        }
    }
}
