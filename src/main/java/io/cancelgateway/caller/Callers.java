package io.cancelgateway.caller;

import io.cancelgateway.platform.InvalidSettingException;
import io.cancelgateway.tenant.TenantId;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** The configured callers, looked up by their static tokens. */
@Component
class Callers {

    private static final Logger log = LoggerFactory.getLogger(Callers.class);

    private static final String EVERY_TENANT = "*";
    private static final Pattern SHA_256 = Pattern.compile("[0-9a-fA-F]{64}");
    private static final Pattern NAME = Pattern.compile("[\\x21-\\x7e]{1,128}");

    private final List<KnownToken> tokens = new ArrayList<>();

    /** @throws InvalidSettingException if a setting is invalid; it names the setting */
    Callers(CallerProperties properties) {
        Map<String, CallerProperties.Setting> sorted = new TreeMap<>(properties.callers());
        sorted.forEach(this::add);
        if (tokens.isEmpty()) {
            log.warn("No caller is configured with a token (gateway.callers.<name>.token-sha256):"
                    + " every request is refused");
        }
    }

    private void add(String name, CallerProperties.Setting setting) {
        String key = "gateway.callers." + name;
        if (!NAME.matcher(name).matches()) {
            throw new InvalidSettingException(
                    "gateway.callers", "must have names of 1 to 128 printable ASCII characters");
        }
        Caller caller = caller(key, name, setting);
        if (caller.tenants().isEmpty() && !caller.everyTenant()) {
            log.warn("Caller {} serves no tenant ({}.tenants): all its requests are refused", name, key);
        }
        if (setting.tokenSha256().isEmpty()) {
            log.warn("Caller {} has no token ({}.token-sha256): it cannot authenticate", name, key);
        }
        for (String hex : setting.tokenSha256()) {
            add(key + ".token-sha256", caller, hex.strip());
        }
    }

    private void add(String key, Caller caller, String hex) {
        if (!SHA_256.matcher(hex).matches()) {
            throw new InvalidSettingException(key, "must be the SHA-256 of a token: 64 hex digits");
        }
        byte[] hash = HexFormat.of().parseHex(hex);
        for (KnownToken known : tokens) {
            if (MessageDigest.isEqual(known.sha256(), hash) && !known.caller().equals(caller)) {
                throw new InvalidSettingException(
                        key,
                        "must differ from the token of caller " + known.caller().name());
            }
        }
        tokens.add(new KnownToken(hash, caller));
    }

    private static Caller caller(String key, String name, CallerProperties.Setting setting) {
        boolean everyTenant = false;
        Set<TenantId> tenants = new LinkedHashSet<>();
        for (String text : setting.tenants()) {
            if (text.strip().equals(EVERY_TENANT)) {
                everyTenant = true;
            } else {
                tenants.add(TenantId.parse(text.strip())
                        .orElseThrow(() -> new InvalidSettingException(
                                key + ".tenants", "must list tenant ids (" + TenantId.RULE + ") or be *")));
            }
        }
        return new Caller(name, everyTenant, everyTenant ? Set.of() : tenants, permissions(key, setting));
    }

    private static Set<Permission> permissions(String key, CallerProperties.Setting setting) {
        Set<Permission> permissions = EnumSet.noneOf(Permission.class);
        for (String text : setting.permissions()) {
            permissions.add(permission(text.strip().toLowerCase(Locale.ROOT))
                    .orElseThrow(() ->
                            new InvalidSettingException(key + ".permissions", "must list read, cancel, or both")));
        }
        return permissions;
    }

    private static Optional<Permission> permission(String word) {
        for (Permission permission : Permission.values()) {
            if (permission.word().equals(word)) {
                return Optional.of(permission);
            }
        }
        return Optional.empty();
    }

    /** The caller with this token, or empty if there is none. It takes the same time in every case. */
    Optional<Caller> byToken(String token) {
        byte[] hash = sha256(token);
        @Nullable Caller found = null;
        for (KnownToken known : tokens) {
            if (MessageDigest.isEqual(known.sha256(), hash)) {
                found = known.caller();
            }
        }
        return Optional.ofNullable(found);
    }

    private static byte[] sha256(String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }

    private record KnownToken(byte[] sha256, Caller caller) {}
}
