package io.cancelgateway.caller;

import io.cancelgateway.platform.InvalidSettingException;
import io.cancelgateway.platform.MountedFiles;
import io.cancelgateway.tenant.TenantId;
import java.io.IOException;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The configured callers, looked up by their static tokens, or by the subjects of their JWTs. The hashes of the tokens
 * may change while the gateway runs; the callers and what they may do may not. Safe for use by many threads.
 */
class Callers {

    private static final Logger log = LoggerFactory.getLogger(Callers.class);

    private static final String EVERY_TENANT = "*";
    private static final Pattern NAME = Pattern.compile("[\\x21-\\x7e]{1,128}");
    private static final Pattern SEPARATOR = Pattern.compile("[,\\r\\n]+");

    private final Map<String, Caller> callers = new TreeMap<>();
    private final Map<String, Caller> subjects = new HashMap<>();
    private final Map<String, Set<TokenHash>> settings = new TreeMap<>();
    private final @Nullable MountedFiles files;

    /** Replaced as a whole. */
    private volatile Map<TokenHash, Caller> tokens = Map.of();

    /** Guarded by this. */
    private boolean everLoaded;

    /** The hashes in the files as they were last good, by caller. Guarded by this. */
    private Map<String, Set<TokenHash>> fromFiles = Map.of();

    /** @throws InvalidSettingException if a setting is invalid; it names the setting */
    Callers(CallerProperties properties) {
        files = properties.callersDir() == null
                ? null
                : new MountedFiles("gateway.callers-dir", properties.callersDir());
        new TreeMap<>(properties.callers()).forEach(this::add);
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
        callers.put(name, caller);
        settings.put(
                name,
                setting.tokenSha256().stream()
                        .map(hash -> TokenHash.parse(hash)
                                .orElseThrow(() -> new InvalidSettingException(key + ".token-sha256", TokenHash.RULE)))
                        .collect(Collectors.toSet()));
        if (setting.subject() != null && subjects.put(subject(key, setting.subject()), caller) != null) {
            throw new InvalidSettingException(key + ".subject", "must differ from that of every other caller");
        }
    }

    private static String subject(String key, String subject) {
        if (subject.isBlank()) {
            throw new InvalidSettingException(key + ".subject", "must be the sub of the caller's JWTs");
        }
        return subject.strip();
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
        Integer limit = setting.maxRequestsPerSecond();
        if (limit != null && limit < 1) {
            throw new InvalidSettingException(key + ".max-requests-per-second", "must be 1 or more");
        }
        return new Caller(name, everyTenant, everyTenant ? Set.of() : tenants, permissions(key, setting), limit);
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

    /**
     * Reads the files again. A file replaces the hashes that its caller has in the settings. One that is of no use
     * keeps those that it had.
     *
     * @throws IOException if the directory cannot be listed; all hashes stay as they were
     */
    synchronized void load() throws IOException {
        if (files != null) {
            fromFiles = read(files);
        }
        Map<String, Set<TokenHash>> hashes = new TreeMap<>(settings);
        hashes.putAll(fromFiles);
        Map<TokenHash, Set<Caller>> owners = new HashMap<>();
        hashes.forEach((name, known) -> known.forEach(
                hash -> owners.computeIfAbsent(hash, _ -> new LinkedHashSet<>()).add(callers.get(name))));
        Map<TokenHash, Caller> loaded = new HashMap<>();
        owners.forEach((hash, of) -> {
            if (of.size() == 1) {
                loaded.put(hash, of.iterator().next());
            }
        });
        if (!everLoaded || !loaded.equals(tokens)) {
            everLoaded = true;
            tokens = loaded;
            report(hashes, owners.values());
        }
    }

    private Map<String, Set<TokenHash>> read(MountedFiles files) throws IOException {
        Map<String, Set<TokenHash>> read = new TreeMap<>();
        files.read().forEach((name, content) -> {
            if (callers.containsKey(name)) {
                read.put(
                        name,
                        content.readable()
                                .flatMap(text -> hashes(files, name, text))
                                .orElseGet(() -> fromFiles.getOrDefault(name, Set.of())));
            } else {
                files.warn(name, "no caller has this name (gateway.callers.<name>); ignored");
            }
        });
        return read;
    }

    private static Optional<Set<TokenHash>> hashes(MountedFiles files, String name, String text) {
        List<String> lines =
                SEPARATOR.splitAsStream(text).filter(line -> !line.isBlank()).toList();
        Set<TokenHash> hashes =
                lines.stream().map(TokenHash::parse).flatMap(Optional::stream).collect(Collectors.toSet());
        if (lines.isEmpty()
                || lines.stream().anyMatch(line -> TokenHash.parse(line).isEmpty())) {
            files.warn(
                    name,
                    "it must hold one or several hashes, and nothing else. Each " + TokenHash.RULE
                            + ". Those that it held before stay");
            return Optional.empty();
        }
        files.isGood(name);
        return Optional.of(hashes);
    }

    private void report(Map<String, Set<TokenHash>> hashes, Iterable<Set<Caller>> owners) {
        for (Set<Caller> of : owners) {
            if (of.size() > 1) {
                log.error(
                        "Callers {} have the same token: it is refused until each has one of its own",
                        of.stream().map(Caller::name).sorted().toList());
            }
        }
        Set<String> without = new TreeSet<>();
        callers.forEach((name, caller) -> {
            if (hashes.getOrDefault(name, Set.of()).isEmpty() && !subjects.containsValue(caller)) {
                without.add(name);
            }
        });
        if (!without.isEmpty()) {
            log.warn(
                    "Callers {} have neither a token (gateway.callers.<name>.token-sha256, gateway.callers-dir)"
                            + " nor a subject: they cannot authenticate",
                    without);
        }
        if (without.size() == callers.size()) {
            log.warn("No caller is configured with a token or a subject: every request is refused");
        }
    }

    /** As {@link #load}; if it fails, the hashes stay as they are. */
    void reload() {
        try {
            load();
        } catch (IOException | RuntimeException e) {
            log.warn("The callers' files cannot be read again; their tokens stay as they are: {}", e.toString());
        }
    }

    /** The caller with this token, or empty if there is none. */
    Optional<Caller> byToken(String token) {
        return Optional.ofNullable(tokens.get(TokenHash.of(token)));
    }

    /** The caller whose JWTs have this {@code sub}, or empty if there is none. */
    Optional<Caller> bySubject(String subject) {
        return Optional.ofNullable(subjects.get(subject));
    }

    /** All callers. */
    List<Caller> all() {
        return List.copyOf(callers.values());
    }
}
