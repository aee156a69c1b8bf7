package io.cancelgateway.support;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** Texts that must come out nowhere: as they are, in hexadecimal digits, or in Base64. */
public final class Secrets {

    private static final int CONTEXT = 200;

    private final List<String> forms;

    private Secrets(List<String> forms) {
        this.forms = forms;
    }

    public static Secrets of(Collection<String> texts) {
        return new Secrets(texts.stream().flatMap(Secrets::forms).toList());
    }

    private static Stream<String> forms(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return Stream.of(
                text,
                HexFormat.of().formatHex(bytes),
                Base64.getEncoder().withoutPadding().encodeToString(bytes));
    }

    /** What is around those that are in this text; nothing where none is. */
    public Stream<String> in(String text) {
        return forms.stream().filter(text::contains).map(form -> around(text, form));
    }

    private static String around(String text, String form) {
        int at = text.indexOf(form);
        return text.substring(Math.max(0, at - CONTEXT), Math.min(text.length(), at + form.length() + CONTEXT));
    }
}
