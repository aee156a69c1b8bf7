package io.cancelgateway;

import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.Sha256;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.core.env.Environment;

/** The gateway and a TwelveLabs simulator in one process, with a demo tenant, caller and batches. */
public class TestCancelGatewayApplication {

    private static final String TOKEN = "demo-token";
    private static final String KEY = "tlk_demo_key";

    public static void main(String[] args) {
        TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC());
        TwelveLabsSimulator.Account account = simulator.account(KEY);
        SimulatedBatch running = account.createBatch(73, 3, Duration.ofSeconds(20));
        SimulatedBatch another = account.createBatch();
        SimulatedBatch completed = account.createCompletedBatch();

        SpringApplication application = new SpringApplication(CancelGatewayApplication.class);
        application.setDefaultProperties(Map.of(
                "gateway.upstream.base-url",
                simulator.baseUrl(),
                "gateway.tenants.demo.api-key",
                KEY,
                "gateway.callers.demo-service.token-sha256",
                Sha256.hex(TOKEN),
                "gateway.callers.demo-service.tenants",
                "demo"));
        application.addListeners((ApplicationListener<ApplicationReadyEvent>)
                ready -> print(ready.getApplicationContext().getEnvironment(), running, another, completed));
        application.run(args);
    }

    private static void print(
            Environment environment, SimulatedBatch running, SimulatedBatch another, SimulatedBatch completed) {
        String gateway = "http://127.0.0.1:" + environment.getProperty("local.server.port");
        String management = "http://127.0.0.1:" + environment.getProperty("local.management.port");
        String batches = gateway + "/v1.3/analyze/batches/";
        System.out.printf("""

                The gateway runs against a TwelveLabs simulator. Try:

                # cancel a batch: 202, its 70 queued items are canceled, 3 are still in process
                curl -si -X POST -H 'Authorization: Bearer %1$s' %2$s%3$s/cancel
                # look at it: canceling, and canceled once those 3 are done (20 s after this program started)
                curl -si -H 'Authorization: Bearer %1$s' %2$s%3$s
                # the credential as a TwelveLabs SDK sends it, another batch
                curl -si -X POST -H 'x-api-key: %1$s' %2$s%4$s/cancel
                # too late: 409
                curl -si -X POST -H 'Authorization: Bearer %1$s' %2$s%5$s/cancel
                # what dashboards read
                curl -s %6$s/actuator/prometheus | grep cancel_gateway
                # what the ledger knows of the first: who, why, and its final counts once the gateway has seen its end
                curl -s -H 'Authorization: Bearer %1$s' %7$s/v1/cancellations/%3$s

                """, TOKEN, batches, running.id(), another.id(), completed.id(), management, gateway);
    }
}
