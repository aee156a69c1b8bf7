package io.cancelgateway.caller;

import io.cancelgateway.caller.AuthFailures.Reason;
import io.cancelgateway.caller.CredentialConverter.CredentialConflictException;
import io.cancelgateway.caller.JwtAuthentication.IdentityUnavailableException;
import io.cancelgateway.platform.PeriodicReload;
import io.cancelgateway.problem.Problem;
import io.cancelgateway.problem.ProblemType;
import io.cancelgateway.problem.ProblemWriter;
import io.cancelgateway.problem.ResponseHeaders;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.endpoint.web.WebServerNamespace;
import org.springframework.boot.security.autoconfigure.actuate.web.servlet.EndpointRequest;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpMethod;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authentication.AuthenticationProvider;
import org.springframework.security.authentication.ProviderManager;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configuration.EnableWebSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.annotation.web.configurers.HeadersConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.config.observation.SecurityObservationSettings;
import org.springframework.security.web.AuthenticationEntryPoint;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.access.AccessDeniedHandler;
import org.springframework.security.web.access.intercept.AuthorizationFilter;
import org.springframework.security.web.authentication.AuthenticationFilter;
import org.springframework.security.web.context.RequestAttributeSecurityContextRepository;
import org.springframework.security.web.firewall.RequestRejectedHandler;
import org.springframework.security.web.firewall.StrictHttpFirewall;
import org.springframework.security.web.util.matcher.OrRequestMatcher;
import org.springframework.web.context.support.WebApplicationContextUtils;

/** The access rules: a caller needs a valid token and the right permission; the management port needs neither. */
@Configuration(proxyBeanMethods = false)
@EnableWebSecurity
class SecurityConfiguration {

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    /** The management port is not published. Everyone who reaches it may read health, info and metrics. */
    @Bean
    @Order(1)
    SecurityFilterChain managementFilters(HttpSecurity http) {
        return http.securityMatcher(
                        new OrRequestMatcher(EndpointRequest.toAnyEndpoint(), SecurityConfiguration::isManagementPage))
                .authorizeHttpRequests(requests -> requests.anyRequest().permitAll())
                .headers(SecurityConfiguration::headersOfAnApi)
                .csrf(AbstractHttpConfigurer::disable)
                .sessionManagement(session -> session.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
                .build();
    }

    @Bean
    @Order(2)
    SecurityFilterChain callerFilters(
            HttpSecurity http,
            AuthenticationManager authenticationManager,
            CredentialConverter converter,
            AuthenticationEntryPoint unauthorized,
            AccessDeniedHandler denied,
            CallerLimits limits,
            ProblemWriter writer) {
        return http.addFilterBefore(
                        authenticationFilter(authenticationManager, converter, unauthorized), AuthorizationFilter.class)
                .addFilterBefore(new CallerLimitFilter(limits, writer), AuthorizationFilter.class)
                .authorizeHttpRequests(requests -> requests
                        // the error dispatch of a request whose access is already decided
                        .dispatcherTypeMatchers(jakarta.servlet.DispatcherType.ERROR)
                        .permitAll()
                        .requestMatchers(CallerController.PATH)
                        .authenticated()
                        .requestMatchers(HttpMethod.POST, "/v1.3/**", "/v1/**")
                        .hasAuthority(Permission.CANCEL.word())
                        .requestMatchers("/v1.3/**", "/v1/**")
                        .hasAuthority(Permission.READ.word())
                        .anyRequest()
                        .authenticated())
                .exceptionHandling(failures ->
                        failures.authenticationEntryPoint(unauthorized).accessDeniedHandler(denied))
                .headers(SecurityConfiguration::headersOfAnApi)
                // callers are no browsers: without a cookie or a session there is nothing to forge a request with
                .csrf(AbstractHttpConfigurer::disable)
                .sessionManagement(session -> session.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
                .requestCache(AbstractHttpConfigurer::disable)
                .logout(AbstractHttpConfigurer::disable)
                .build();
    }

    /** The root of the management port, which has an application context of its own; not that of the callers' port. */
    private static boolean isManagementPage(HttpServletRequest request) {
        return WebServerApplicationContext.hasServerNamespace(
                        WebApplicationContextUtils.getWebApplicationContext(request.getServletContext()),
                        WebServerNamespace.MANAGEMENT.getValue())
                && request.getRequestURI().equals(request.getContextPath() + "/");
    }

    /** Without Spring Security's others, which are for browsers. */
    private static void headersOfAnApi(HeadersConfigurer<HttpSecurity> headers) {
        headers.defaultsDisabled().addHeaderWriter((_, response) -> ResponseHeaders.addTo(response));
    }

    private static AuthenticationFilter authenticationFilter(
            AuthenticationManager manager, CredentialConverter converter, AuthenticationEntryPoint unauthorized) {
        AuthenticationFilter filter = new AuthenticationFilter(manager, converter);
        filter.setSecurityContextRepository(new RequestAttributeSecurityContextRepository());
        filter.setSuccessHandler((request, response, authentication) -> {});
        filter.setFailureHandler(unauthorized::commence);
        return filter;
    }

    /** A credential is tried as a static token first, so that no identity provider is needed for one. */
    @Bean
    AuthenticationManager authenticationManager(Callers callers, ObjectProvider<JwtAuthentication> jwts) {
        List<AuthenticationProvider> providers = new ArrayList<>();
        providers.add(new StaticTokenAuthenticationProvider(callers));
        jwts.ifAvailable(providers::add);
        return new ProviderManager(providers);
    }

    @Bean
    Callers callers(CallerProperties properties) throws IOException {
        Callers callers = new Callers(properties);
        callers.load();
        return callers;
    }

    @Bean
    PeriodicReload callerReload(Callers callers) {
        return new PeriodicReload("caller-reload", callers::reload);
    }

    /**
     * Observes a request only once, as an HTTP request: a span and a timer for each filter are not worth their cost.
     */
    @Bean
    SecurityObservationSettings noObservationsOfFilters() {
        return SecurityObservationSettings.noObservations();
    }

    @Bean
    AuthenticationEntryPoint unauthorized(ProblemWriter writer, AuthFailures failures) {
        Problem conflict = Problem.of(
                ProblemType.CREDENTIAL_CONFLICT,
                "The request has two different credentials; send one, in Authorization or in x-api-key.");
        Problem unauthorized = Problem.of(
                ProblemType.UNAUTHORIZED, "A valid credential is required, as Authorization: Bearer or x-api-key.");
        Problem unavailable = Problem.of(
                        ProblemType.IDENTITY_UNAVAILABLE,
                        "The identity provider cannot be reached, and the key of this token is not known.")
                .withRetryAfter(RETRY_AFTER);
        return (request, response, failure) -> {
            if (failure instanceof IdentityUnavailableException) {
                writer.write(request, response, unavailable);
                return;
            }
            boolean isConflict = failure instanceof CredentialConflictException;
            failures.refused(request, null, isConflict ? Reason.CREDENTIAL_CONFLICT : Reason.UNAUTHORIZED);
            writer.write(request, response, isConflict ? conflict : unauthorized);
        };
    }

    @Bean
    AccessDeniedHandler denied(ProblemWriter writer, AuthFailures failures) {
        Problem denied =
                Problem.of(ProblemType.PERMISSION_DENIED, "This caller lacks the permission for this request.");
        return (request, response, failure) -> {
            failures.refused(request, AuthFailures.caller(), Reason.PERMISSION_DENIED);
            writer.write(request, response, denied);
        };
    }

    /** Lets every method pass, so that the handler mapping answers a wrong one with 405 and {@code Allow}. */
    @Bean
    StrictHttpFirewall firewall() {
        StrictHttpFirewall firewall = new StrictHttpFirewall();
        firewall.setUnsafeAllowAnyHttpMethod(true);
        return firewall;
    }

    /** Answers 400 to what the HTTP firewall rejects, such as matrix parameters, encoded CR and LF, double slashes. */
    @Bean
    RequestRejectedHandler rejected(ProblemWriter writer) {
        Problem malformed = Problem.of(ProblemType.PARAMETER_INVALID, "The path or a header is malformed.");
        return (request, response, failure) -> writer.write(request, response, malformed);
    }
}
