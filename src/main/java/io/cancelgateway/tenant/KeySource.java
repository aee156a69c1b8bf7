package io.cancelgateway.tenant;

import io.cancelgateway.platform.InvalidSettingException;
import io.cancelgateway.platform.MountedFiles;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Reads the keys of all tenants in one pass, from the settings and from the directory. */
class KeySource {

    private final @Nullable MountedFiles files;
    private final Map<TenantId, ApiKey> settings = new TreeMap<>();

    /** @throws InvalidSettingException if a setting is invalid; it names the setting */
    KeySource(TenantProperties properties) {
        files = properties.tenantsDir() == null
                ? null
                : new MountedFiles("gateway.tenants-dir", properties.tenantsDir());
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
        if (files != null) {
            for (Map.Entry<String, MountedFiles.Content> file : files.read().entrySet()) {
                Optional<TenantId> id = TenantId.parse(file.getKey());
                if (id.isPresent()) {
                    keys.put(id.get(), key(files, file.getKey(), file.getValue()));
                } else {
                    files.warn(file.getKey(), "its name is not a tenant id, " + TenantId.RULE + "; ignored");
                }
            }
        }
        return keys;
    }

    /** The key in this tenant's file, or in its setting if it has no file; empty if that is no valid key. */
    Optional<ApiKey> read(TenantId id) {
        if (files != null) {
            Optional<MountedFiles.Content> content = files.read(id.value());
            if (content.isPresent()) {
                return key(files, id.value(), content.get());
            }
        }
        return Optional.ofNullable(settings.get(id));
    }

    private static Optional<ApiKey> key(MountedFiles files, String name, MountedFiles.Content content) {
        if (content.readable().isEmpty()) {
            return Optional.empty(); // it was said why
        }
        Optional<ApiKey> key = content.readable().flatMap(ApiKey::parse);
        if (key.isPresent()) {
            files.isGood(name);
        } else {
            files.warn(name, "it holds no valid API key. An API key " + ApiKey.RULE);
        }
        return key;
    }
}
