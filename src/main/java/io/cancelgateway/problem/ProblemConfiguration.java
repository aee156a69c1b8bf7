package io.cancelgateway.problem;

import org.apache.catalina.Context;
import org.apache.catalina.core.StandardHost;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/** Hands the container's own error answers to {@link ProblemErrorReportValve}. */
@Configuration(proxyBeanMethods = false)
class ProblemConfiguration {

    /** Runs after Spring Boot's own customizers: the valve that is added last reports first. */
    @Bean
    @Order(Ordered.LOWEST_PRECEDENCE)
    WebServerFactoryCustomizer<TomcatServletWebServerFactory> problemErrorReports(
            ProblemWriter writer, RequestTrace trace) {
        return factory ->
                factory.addContextCustomizers(context -> reportBy(new ProblemErrorReportValve(writer, trace), context));
    }

    private static void reportBy(ProblemErrorReportValve valve, Context context) {
        StandardHost host = (StandardHost) context.getParent();
        host.getPipeline().addValve(valve);
        // the host adds a default valve unless it finds one of this class in its pipeline
        host.setErrorReportValveClass(ProblemErrorReportValve.class.getName());
    }
}
