package io.cancelgateway.caller;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The SHA-256 of a static token. It may be looked up in a map: how long that takes tells something of the hash at most,
 * and nobody can choose a token by its hash.
 *
 * @param hex 64 hex digits in lower case
 */
record TokenHash(String hex) {

    static final String RULE = "must be the SHA-256 of a token: 64 hex digits";

    private static final Pattern FORM = Pattern.compile("[0-9a-fA-F]{64}");

    static TokenHash of(String token) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
            return new TokenHash(HexFormat.of().formatHex(hash));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }

    /** The hash in {@code text}, whatever white space is around it; empty if it is none. */
    static Optional<TokenHash> parse(String text) {
        String stripped = text.strip();
        return FORM.matcher(stripped).matches()
                ? Optional.of(new TokenHash(stripped.toLowerCase(Locale.ROOT)))
                : Optional.empty();
    }
}
