package io.cancelgateway.platform;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.autoconfigure.endpoint.web.WebEndpointProperties;
import org.springframework.boot.actuate.endpoint.web.EndpointLinksResolver;
import org.springframework.boot.actuate.endpoint.web.WebEndpointsSupplier;
import org.springframework.boot.health.actuate.endpoint.HealthEndpointGroups;
import org.springframework.http.MediaType;
import org.springframework.web.util.HtmlUtils;

/**
 * The page at the root of the management port: what there is to look at. It has no JSON form, since Spring Boot's own
 * list at {@code /actuator} has one. Both are made of the same links, so that nothing is listed that is switched off.
 */
final class ManagementPage extends HttpServlet {

    /** The page has neither script, style nor picture, and needs nothing. */
    private static final String POLICY =
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static final String HEALTH = "health";

    /** The prefix of all links. They are relative, so that they also work through a forwarded port. */
    private static final String HERE = ".";

    private static final Map<String, String> MEANINGS = Map.of(
            HEALTH,
            "health, by component; the ledger is DOWN while its database does not answer",
            "health/liveness",
            "the liveness probe: a replica that is not UP is started again",
            "health/readiness",
            "the readiness probe: a replica that is not UP gets no requests",
            "info",
            "the version and the commit that run",
            "prometheus",
            "the metrics, for Prometheus to scrape");

    private final transient WebEndpointsSupplier endpoints;
    private final transient WebEndpointProperties properties;
    private final transient @Nullable HealthEndpointGroups healthGroups;

    ManagementPage(
            WebEndpointsSupplier endpoints,
            WebEndpointProperties properties,
            @Nullable HealthEndpointGroups healthGroups) {
        this.endpoints = endpoints;
        this.properties = properties;
        this.healthGroups = healthGroups;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setContentType(MediaType.TEXT_HTML_VALUE);
        response.setCharacterEncoding(StandardCharsets.UTF_8);
        response.setHeader("Content-Security-Policy", POLICY);
        response.getWriter().write(page());
    }

    private String page() {
        StringBuilder page = new StringBuilder("""
                <!DOCTYPE html>
                <html lang="en">
                <head><meta charset="utf-8"><title>Cancel Gateway: management</title></head>
                <body>
                <h1>Cancel Gateway: management</h1>
                <ul>
                """);
        links().forEach((name, address) -> page.append(entry(address, MEANINGS.getOrDefault(name, name))));
        if (properties.getDiscovery().isEnabled() && !properties.getBasePath().isEmpty()) {
            page.append(entry(HERE + properties.getBasePath(), "this list, as JSON"));
        }
        return page.append("</ul>\n</body>\n</html>\n").toString();
    }

    /** The address of each endpoint that is exposed, and of each group of health, by name. */
    private Map<String, String> links() {
        Map<String, String> links = new TreeMap<>();
        new EndpointLinksResolver(endpoints.getEndpoints())
                .resolveLinks(HERE + properties.getBasePath())
                .forEach((name, link) -> {
                    if (!name.equals("self") && !link.isTemplated()) {
                        links.put(name, link.getHref());
                    }
                });
        String health = links.get(HEALTH);
        if (health != null && healthGroups != null) {
            healthGroups.getNames().forEach(group -> links.put(HEALTH + "/" + group, health + "/" + group));
        }
        return links;
    }

    private static String entry(String address, String meaning) {
        return "<li><a href=\"%1$s\">%2$s</a>: %3$s</li>\n"
                .formatted(
                        HtmlUtils.htmlEscape(address),
                        HtmlUtils.htmlEscape(address.substring(HERE.length())),
                        HtmlUtils.htmlEscape(meaning));
    }
}
