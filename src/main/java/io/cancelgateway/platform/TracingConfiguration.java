package io.cancelgateway.platform;

import io.opentelemetry.sdk.trace.SdkTracerProvider;
import java.util.concurrent.TimeUnit;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class TracingConfiguration {

    private static final String TRACER_PROVIDER = "otelSdkTracerProvider";

    /** How long a stop of the gateway waits for the collector to take the last spans. */
    private static final int SECONDS_FOR_LAST_SPANS = 2;

    /** {@link LastSpans} closes it. By itself it would wait 10 seconds for a collector that hangs. */
    @Bean
    static BeanFactoryPostProcessor tracerProviderIsNotClosedByItsBean() {
        return beans -> {
            if (beans.containsBeanDefinition(TRACER_PROVIDER)) { // not where tracing is switched off
                beans.getBeanDefinition(TRACER_PROVIDER).setDestroyMethodName("");
            }
        };
    }

    @Bean
    LastSpans lastSpans(ObjectProvider<SdkTracerProvider> provider) {
        return new LastSpans(provider);
    }

    /** Exports the last spans, when everything else has stopped. */
    static final class LastSpans implements SmartLifecycle {

        private final ObjectProvider<SdkTracerProvider> provider;
        private volatile boolean running;

        private LastSpans(ObjectProvider<SdkTracerProvider> provider) {
            this.provider = provider;
        }

        @Override
        public void start() {
            running = true;
        }

        @Override
        public void stop() {
            running = false;
            provider.ifAvailable(spans -> {
                var _ = spans.shutdown().join(SECONDS_FOR_LAST_SPANS, TimeUnit.SECONDS);
            });
        }

        @Override
        public boolean isRunning() {
            return running;
        }

        /** Stops last. */
        @Override
        public int getPhase() {
            return Integer.MIN_VALUE;
        }
    }
}
