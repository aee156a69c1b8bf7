package io.cancelgateway.ledger;

import com.zaxxer.hikari.HikariDataSource;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.BeanPostProcessor;

/**
 * Makes commits to H2 durable. By default H2 writes a commit to its file up to half a second later. It also closes as
 * soon as the process is told to stop, while requests are still in flight. The settings against this must be in the
 * address: H2 stores them in the file, but ignores them there when it opens the file again. An address that has one of
 * them keeps its value.
 */
class DurableH2 implements BeanPostProcessor {

    @Override
    public Object postProcessBeforeInitialization(Object bean, String name) {
        if (bean instanceof HikariDataSource pool) {
            @Nullable String address = pool.getJdbcUrl();
            if (address != null && address.startsWith("jdbc:h2:")) {
                pool.setJdbcUrl(with("DB_CLOSE_ON_EXIT=FALSE", with("WRITE_DELAY=0", address)));
            }
        }
        return bean;
    }

    static String with(String setting, String address) {
        String name = setting.substring(0, setting.indexOf('=') + 1);
        return address.toUpperCase(Locale.ROOT).contains(";" + name) ? address : address + ";" + setting;
    }
}
