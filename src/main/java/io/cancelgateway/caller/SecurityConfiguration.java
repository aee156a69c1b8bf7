package io.cancelgateway.caller;

import io.cancelgateway.caller.CredentialConverter.CredentialConflictException;
import io.cancelgateway.problem.Problem;
import io.cancelgateway.problem.ProblemType;
import io.cancelgateway.problem.ProblemWriter;
import org.springframework.boot.security.autoconfigure.actuate.web.servlet.EndpointRequest;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpMethod;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authentication.ProviderManager;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configuration.EnableWebSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
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

/** Who gets in: callers with a token, to what their permissions name; nobody else, except to the management port. */
@Configuration(proxyBeanMethods = false)
@EnableWebSecurity
class SecurityConfiguration {

    /** The management port is not published; it shows health, info and metrics to whoever reaches it. */
    @Bean
    @Order(1)
    SecurityFilterChain managementFilters(HttpSecurity http) {
        return http.securityMatcher(EndpointRequest.toAnyEndpoint())
                .authorizeHttpRequests(requests -> requests.anyRequest().permitAll())
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
            AccessDeniedHandler denied) {
        return http.addFilterBefore(
                        authenticationFilter(authenticationManager, converter, unauthorized), AuthorizationFilter.class)
                .authorizeHttpRequests(requests -> requests
                        // an error of a request that was let in, or refused, already
                        .dispatcherTypeMatchers(jakarta.servlet.DispatcherType.ERROR)
                        .permitAll()
                        .requestMatchers(HttpMethod.POST, "/v1.3/**", "/v1/**")
                        .hasAuthority(Permission.CANCEL.word())
                        .requestMatchers("/v1.3/**", "/v1/**")
                        .hasAuthority(Permission.READ.word())
                        .anyRequest()
                        .authenticated())
                .exceptionHandling(failures ->
                        failures.authenticationEntryPoint(unauthorized).accessDeniedHandler(denied))
                // no browser, no cookie, no session: nothing for a forged request to ride on
                .csrf(AbstractHttpConfigurer::disable)
                .sessionManagement(session -> session.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
                .requestCache(AbstractHttpConfigurer::disable)
                .logout(AbstractHttpConfigurer::disable)
                .build();
    }

    private static AuthenticationFilter authenticationFilter(
            AuthenticationManager manager, CredentialConverter converter, AuthenticationEntryPoint unauthorized) {
        AuthenticationFilter filter = new AuthenticationFilter(manager, converter);
        filter.setSecurityContextRepository(new RequestAttributeSecurityContextRepository());
        filter.setSuccessHandler((request, response, authentication) -> {});
        filter.setFailureHandler(unauthorized::commence);
        return filter;
    }

    @Bean
    AuthenticationManager authenticationManager(StaticTokenAuthenticationProvider provider) {
        return new ProviderManager(provider);
    }

    /** A request is observed once, as an HTTP request; a span and a timer for each filter would cost more than they tell. */
    @Bean
    SecurityObservationSettings noObservationsOfFilters() {
        return SecurityObservationSettings.noObservations();
    }

    @Bean
    AuthenticationEntryPoint unauthorized(ProblemWriter writer) {
        Problem conflict = Problem.of(
                ProblemType.CREDENTIAL_CONFLICT,
                "The request brings two different credentials; send one, in Authorization or in x-api-key.");
        Problem unauthorized = Problem.of(
                ProblemType.UNAUTHORIZED, "A valid credential is required, as Authorization: Bearer or x-api-key.");
        return (request, response, failure) -> writer.write(
                request, response, failure instanceof CredentialConflictException ? conflict : unauthorized);
    }

    @Bean
    AccessDeniedHandler denied(ProblemWriter writer) {
        Problem denied = Problem.of(ProblemType.PERMISSION_DENIED, "This caller may not do this.");
        return (request, response, failure) -> writer.write(request, response, denied);
    }

    /** A method that a path does not take is answered by the path, with 405 and those that it takes. */
    @Bean
    StrictHttpFirewall firewall() {
        StrictHttpFirewall firewall = new StrictHttpFirewall();
        firewall.setUnsafeAllowAnyHttpMethod(true);
        return firewall;
    }

    /** What the HTTP firewall finds suspicious in a path: matrix parameters, encoded CR and LF, double slashes. */
    @Bean
    RequestRejectedHandler rejected(ProblemWriter writer) {
        Problem malformed = Problem.of(ProblemType.PARAMETER_INVALID, "The path or a header is malformed.");
        return (request, response, failure) -> writer.write(request, response, malformed);
    }
}
