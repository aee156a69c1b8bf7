package io.cancelgateway.platform;

import jakarta.servlet.ServletException;
import java.io.IOException;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Gives each request its {@link CallerConnection}. */
@Configuration(proxyBeanMethods = false)
class ContainerConfiguration {

    @Bean
    WebServerFactoryCustomizer<TomcatServletWebServerFactory> callerConnections() {
        return factory -> factory.addEngineValves(new CallerConnectionValve());
    }

    private static final class CallerConnectionValve extends ValveBase {

        CallerConnectionValve() {
            super(true); // it does nothing that an asynchronous request could not have
        }

        @Override
        public void invoke(Request request, Response response) throws IOException, ServletException {
            CallerConnection.attachTo(request);
            getNext().invoke(request, response);
        }
    }
}
