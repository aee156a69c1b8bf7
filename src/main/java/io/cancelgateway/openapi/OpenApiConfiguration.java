package io.cancelgateway.openapi;

import io.cancelgateway.problem.Problem;
import io.cancelgateway.problem.ProblemType;
import io.cancelgateway.problem.ProblemWriter;
import io.cancelgateway.problem.ResponseHeaders;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;
import org.springdoc.core.customizers.OpenApiCustomizer;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.annotation.Order;
import org.springframework.security.authorization.AuthorizationDecision;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.context.support.WebApplicationContextUtils;

/**
 * Serves the OpenAPI document at {@code /v3/api-docs} and Swagger UI at {@code /swagger-ui.html}, by springdoc. Both
 * hold no secret and need no credential; what the page tries needs one.
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnBooleanProperty(name = "springdoc.api-docs.enabled", matchIfMissing = true)
class OpenApiConfiguration {

    /**
     * Swagger UI loads its own files, and sends requests to this gateway. It writes styles into its page, and draws its
     * icons from data addresses.
     */
    private static final String PAGE_POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
                    + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    @Bean
    @Order(1)
    SecurityFilterChain openApiFilters(HttpSecurity http, ProblemWriter writer) {
        Problem notFound = Problem.of(ProblemType.NOT_FOUND, "There is nothing at this path.");
        return http.securityMatcher(
                        "/v3/api-docs", "/v3/api-docs/**", "/v3/api-docs.yaml", "/swagger-ui.html", "/swagger-ui/**")
                .authorizeHttpRequests(requests -> requests.anyRequest()
                        .access((_, context) -> new AuthorizationDecision(!isManagement(context.getRequest()))))
                .exceptionHandling(failures -> failures.authenticationEntryPoint(
                        (request, response, _) -> writer.write(request, response, notFound)))
                .headers(headers -> headers.defaultsDisabled()
                        .addHeaderWriter((_, response) -> ResponseHeaders.addTo(response))
                        .contentSecurityPolicy(policy -> policy.policyDirectives(PAGE_POLICY)))
                .csrf(AbstractHttpConfigurer::disable)
                .sessionManagement(session -> session.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
                .requestCache(AbstractHttpConfigurer::disable)
                .logout(AbstractHttpConfigurer::disable)
                .build();
    }

    /** Springdoc's handler of the page's files is at work on the management port, too. */
    private static boolean isManagement(HttpServletRequest request) {
        return WebServerApplicationContext.hasServerNamespace(
                WebApplicationContextUtils.getWebApplicationContext(request.getServletContext()), "management");
    }

    /** springdoc finds the operations that there are; their words come from the description. */
    @Bean
    @Lazy
    OpenApiCustomizer described() {
        return found -> {
            try {
                ApiDescription.read().describe(found);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
    }

    /** A start makes nothing of springdoc's but what the servlet needs: few gateways are asked for the document. */
    @Bean
    static BeanFactoryPostProcessor lazySpringdoc() {
        return OpenApiConfiguration::makeSpringdocLazy;
    }

    private static void makeSpringdocLazy(ConfigurableListableBeanFactory beans) {
        for (String name : beans.getBeanDefinitionNames()) {
            BeanDefinition bean = beans.getBeanDefinition(name);
            if (isSpringdocs(bean.getBeanClassName()) || isSpringdocs(bean.getFactoryBeanName())) {
                bean.setLazyInit(true);
            }
        }
    }

    private static boolean isSpringdocs(@Nullable String name) {
        return name != null && name.startsWith("org.springdoc.");
    }
}
