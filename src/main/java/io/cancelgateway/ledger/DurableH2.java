package io.cancelgateway.ledger;

import com.zaxxer.hikari.HikariDataSource;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.BeanPostProcessor;

/**
 * Makes H2 keep what it was told, whatever address it is given: it would write commits to its file half a second later,
 * and would close as soon as the process is told to stop, under the requests in flight. The settings belong to the
 * address: H2 stores them in the file, but does not heed them when it opens it again. An address that has one of them
 * keeps its own.
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
