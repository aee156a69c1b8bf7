package io.cancelgateway.install;

import java.beans.PropertyDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.net.URL;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.springframework.beans.BeanUtils;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Every setting that the application reads, by the metadata that it and its libraries bring along. */
final class ApplicationSettings {

    private static final Pattern MAP_OF = Pattern.compile("java\\.util\\.Map<java\\.lang\\.String,\\s*(.+)>");

    private final Map<String, String> types = new TreeMap<>();
    private final Set<String> environmentNames = new HashSet<>();

    ApplicationSettings() {
        try {
            for (String file : List.of(
                    "META-INF/spring-configuration-metadata.json",
                    "META-INF/additional-spring-configuration-metadata.json")) {
                for (URL url : Collections.list(getClass().getClassLoader().getResources(file))) {
                    try (InputStream in = url.openStream()) {
                        JsonMapper.shared().readTree(in).path("properties").forEach(this::add);
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void add(JsonNode property) {
        String name = property.path("name").stringValue();
        types.put(name, property.path("type").stringValue(""));
        environmentNames.add(environmentName(name));
    }

    private static String environmentName(String property) {
        return property.replace("-", "").replace('.', '_').toUpperCase(Locale.ROOT);
    }

    boolean hasEnvironmentVariable(String name) {
        return environmentNames.contains(name);
    }

    /** Whether this is a setting, or a member of a setting that is a map. */
    boolean has(String key) {
        if (types.containsKey(key)) {
            return true;
        }
        for (int dot = key.lastIndexOf('.'); dot > 0; dot = key.lastIndexOf('.', dot - 1)) {
            String type = types.getOrDefault(key.substring(0, dot), "");
            Matcher map = MAP_OF.matcher(type);
            if (map.matches()) {
                return hasMember(map.group(1), key.substring(dot + 1));
            }
        }
        return false;
    }

    /** @param rest the map's own key and, where its values are objects, a member of them */
    private static boolean hasMember(String valueType, String rest) {
        if (valueType.startsWith("java.lang.")) {
            return true;
        }
        try {
            return hasMember(Class.forName(valueType), rest.substring(rest.indexOf('.') + 1));
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    /** @param member names of record components or of bean properties, one in the other */
    private static boolean hasMember(Class<?> type, String member) {
        if (member.isEmpty()) {
            return true;
        }
        String first = member.replaceFirst("\\..*", "");
        String rest = member.substring(Math.min(member.length(), first.length() + 1));
        return members(type).entrySet().stream()
                .anyMatch(entry -> entry.getKey().equals(first) && hasMember(entry.getValue(), rest));
    }

    private static Map<String, Class<?>> members(Class<?> type) {
        Map<String, Class<?>> members = new TreeMap<>();
        if (type.isRecord()) {
            for (RecordComponent component : type.getRecordComponents()) {
                members.put(hyphenated(component.getName()), component.getType());
            }
        } else if (!type.isPrimitive() && !type.getName().startsWith("java.")) {
            for (PropertyDescriptor property : BeanUtils.getPropertyDescriptors(type)) {
                if (property.getPropertyType() != null) {
                    members.put(hyphenated(property.getName()), property.getPropertyType());
                }
            }
        }
        return members;
    }

    private static String hyphenated(String name) {
        return name.replaceAll("(\\p{Lu})", "-$1").toLowerCase(Locale.ROOT);
    }
}
