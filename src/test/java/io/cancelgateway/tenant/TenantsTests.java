package io.cancelgateway.tenant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cancelgateway.platform.InvalidSettingException;
import io.cancelgateway.support.TestClock;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.bind.Binder;

class TenantsTests {

    @TempDir
    Path dir;

    @Test
    void aKeyIsTheContentOfTheTenantsFileWithoutWhiteSpaceAround() throws IOException {
        Files.writeString(dir.resolve("acme"), " \n tlk_1 \r\n");

        Tenants tenants = load(Map.of());

        assertThat(key(tenants, "acme")).isEqualTo("tlk_1");
        assertThat(tenants.find(new TenantId("globex"))).isEmpty();
    }

    @Test
    void theDirectoryWinsOverTheSettings() throws IOException {
        Files.writeString(dir.resolve("acme"), "from-file");

        Tenants tenants = load(Map.of("acme", "from-setting", "globex", "also-from-setting"));

        assertThat(key(tenants, "acme")).isEqualTo("from-file");
        assertThat(key(tenants, "globex")).isEqualTo("also-from-setting");
    }

    @Test
    void anUnusableFileIsNoReasonToFallBackToTheSettings() throws IOException {
        Files.writeString(dir.resolve("acme"), "");

        Tenants tenants = load(Map.of("acme", "from-setting"));

        assertThat(tenants.find(new TenantId("acme"))).isEmpty();
        assertThat(tenants.states()).containsExactly(Map.entry(new TenantId("acme"), KeyState.UNREADABLE));
    }

    @Test
    void readsASecretsMount() throws IOException {
        Path data = Files.createDirectories(dir.resolve("..2026_07_01"));
        Files.writeString(data.resolve("acme"), "tlk_1");
        Files.createSymbolicLink(dir.resolve("..data"), data.getFileName());
        Files.createSymbolicLink(dir.resolve("acme"), Path.of("..data", "acme"));

        assertThat(load(Map.of()).states()).containsExactly(Map.entry(new TenantId("acme"), KeyState.ACTIVE));
    }

    @Test
    void aFileWhoseNameIsNoTenantIdIsNoTenant() throws IOException {
        Files.writeString(dir.resolve("Acme"), "tlk_1");
        Files.writeString(dir.resolve("acme.txt"), "tlk_2");
        Files.createDirectory(dir.resolve("lost-and-found"));

        assertThat(load(Map.of()).states()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "  \n", "two words", "two\nlines", "sch\u00f6n", "nul\0"})
    void aMalformedFileIsUnreadable(String content) throws IOException {
        Files.writeString(dir.resolve("acme"), content);

        assertThat(load(Map.of()).states()).containsEntry(new TenantId("acme"), KeyState.UNREADABLE);
    }

    @Test
    void aFileThatCannotBeReadIsUnreadable() throws IOException {
        Files.createSymbolicLink(dir.resolve("acme"), dir.resolve("gone"));
        Files.writeString(dir.resolve("globex"), "x".repeat(10_000));

        assertThat(load(Map.of()).states())
                .containsEntry(new TenantId("acme"), KeyState.UNREADABLE)
                .containsEntry(new TenantId("globex"), KeyState.UNREADABLE);
    }

    @Test
    void twoTenantsWithOneKeyAreBothWithoutAKeyAndTheOthersAreNot() throws IOException {
        Files.writeString(dir.resolve("acme"), "same");
        Files.writeString(dir.resolve("other"), "another");

        Tenants tenants = load(Map.of("globex", " same "));

        assertThat(tenants.find(new TenantId("acme"))).isEmpty();
        assertThat(tenants.find(new TenantId("globex"))).isEmpty();
        assertThat(key(tenants, "other")).isEqualTo("another");
        assertThat(tenants.states().values()).containsExactly(KeyState.DUPLICATE, KeyState.DUPLICATE, KeyState.ACTIVE);
    }

    @Test
    void loadingAgainJudgesTheNewPictureAsAWhole() throws IOException {
        Files.writeString(dir.resolve("acme"), "same");
        Files.writeString(dir.resolve("globex"), "same");
        Tenants tenants = load(Map.of());

        Files.move(dir.resolve("acme"), dir.resolve("initech"));
        Files.delete(dir.resolve("globex"));
        tenants.load();

        assertThat(tenants.states()).containsExactly(Map.entry(new TenantId("initech"), KeyState.ACTIVE));
    }

    @Test
    void aFileThatTurnsBadKeepsTheLastGoodKey() throws IOException {
        Files.writeString(dir.resolve("acme"), "tlk_1");
        Tenants tenants = load(Map.of());

        Files.writeString(dir.resolve("acme"), "");
        tenants.load();
        tenants.load();

        assertThat(key(tenants, "acme")).isEqualTo("tlk_1");
    }

    @Test
    void whileASecretIsReplacedARenamedTenantIsNoDuplicate() throws IOException {
        Path before = Files.createDirectories(dir.resolve("..2026_07_01"));
        Files.writeString(before.resolve("acme"), "tlk_1");
        Files.writeString(before.resolve("globex"), "tlk_2");
        Files.createSymbolicLink(dir.resolve("..data"), before.getFileName());
        for (String id : List.of("acme", "globex")) {
            Files.createSymbolicLink(dir.resolve(id), Path.of("..data", id));
        }
        Tenants tenants = load(Map.of());

        // the order of a kubelet: the link to all files, the new names, then the old ones
        Path after = Files.createDirectories(dir.resolve("..2026_07_02"));
        Files.writeString(after.resolve("initech"), "tlk_1");
        Files.writeString(after.resolve("globex"), "tlk_2");
        Files.createSymbolicLink(dir.resolve("..data_tmp"), after.getFileName());
        Files.move(dir.resolve("..data_tmp"), dir.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
        tenants.load();
        assertThat(tenants.states()).containsExactly(Map.entry(new TenantId("globex"), KeyState.ACTIVE));

        Files.createSymbolicLink(dir.resolve("initech"), Path.of("..data", "initech"));
        tenants.load();
        assertThat(key(tenants, "initech")).isEqualTo("tlk_1");
        assertThat(tenants.find(new TenantId("acme"))).isEmpty();

        Files.delete(dir.resolve("acme"));
        assertThat(tenants.load()).isFalse();
    }

    @Test
    void aFileThatTurnsBadKeepsTheLastGoodKeyAndCountsAsUnreadable() throws IOException {
        Files.writeString(dir.resolve("acme"), "tlk_1");
        Tenants tenants = load(Map.of());

        Files.writeString(dir.resolve("acme"), "");
        tenants.load();

        assertThat(key(tenants, "acme")).isEqualTo("tlk_1");
        assertThat(tenants.states()).containsEntry(new TenantId("acme"), KeyState.UNREADABLE);

        Files.writeString(dir.resolve("acme"), "tlk_1");
        tenants.load();
        assertThat(tenants.states()).containsEntry(new TenantId("acme"), KeyState.ACTIVE);
    }

    @Test
    void aRefusedKeyIsReadAgainAtOnce() throws IOException {
        Files.writeString(dir.resolve("acme"), "tlk_1");
        Files.writeString(dir.resolve("globex"), "tlk_2");
        Tenants tenants = load(Map.of());
        Tenant before = tenants.find(new TenantId("acme")).orElseThrow();
        assertThat(tenants.renewed(before)).isEmpty();

        Files.writeString(dir.resolve("acme"), "tlk_3");
        assertThat(tenants.renewed(before))
                .hasValueSatisfying(now -> assertThat(now.key().reveal()).isEqualTo("tlk_3"));

        // a late refusal of the old key
        Files.delete(dir.resolve("acme"));
        assertThat(tenants.renewed(before)).isPresent();
        tenants.keyRejected(before);
        assertThat(tenants.states()).containsEntry(before.id(), KeyState.ACTIVE);
    }

    @Test
    void aNewKeyThatIsAnothersIsNoRenewal() throws IOException {
        Files.writeString(dir.resolve("acme"), "tlk_1");
        Files.writeString(dir.resolve("globex"), "tlk_2");
        Tenants tenants = load(Map.of());
        Tenant before = tenants.find(new TenantId("acme")).orElseThrow();

        Files.writeString(dir.resolve("acme"), "tlk_2");

        assertThat(tenants.renewed(before)).isEmpty();
        assertThat(tenants.states()).containsEntry(before.id(), KeyState.DUPLICATE);
    }

    @Test
    void reloadsAreCountedByResult() throws IOException {
        Files.writeString(dir.resolve("acme"), "tlk_1");
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        TestClock clock = TestClock.standingAt(Instant.parse("2026-07-01T12:00:00Z"));
        Tenants tenants = load(Map.of());
        TenantMetrics metrics = new TenantMetrics(tenants, tags(tenants, 1), registry, clock);
        tenants.onReload(metrics::reloaded);
        Instant start = clock.instant();

        clock.push(Duration.ofSeconds(5));
        tenants.reload();
        clock.push(Duration.ofSeconds(5));
        Files.writeString(dir.resolve("acme"), "tlk_2");
        tenants.reload();
        clock.push(Duration.ofSeconds(5));
        Files.delete(dir.resolve("acme"));
        Files.delete(dir);
        tenants.reload();

        for (String result : List.of("unchanged", "changed", "failed")) {
            assertThat(registry.get("cancel.gateway.tenant.keys.reloads")
                            .tag("result", result)
                            .counter()
                            .count())
                    .as(result)
                    .isEqualTo(1);
        }
        assertThat(registry.get("cancel.gateway.tenant.keys.last.reload")
                        .gauge()
                        .value())
                .isEqualTo(start.plusSeconds(10).getEpochSecond());
        assertThat(key(tenants, "acme")).isEqualTo("tlk_2");
    }

    @Test
    void theSeriesOfATenantThatIsRemovedAreGone() throws IOException {
        Files.writeString(dir.resolve("acme"), "tlk_1");
        Files.writeString(dir.resolve("globex"), "tlk_2");
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        Tenants tenants = load(Map.of());
        TenantMetrics metrics = new TenantMetrics(tenants, tags(tenants, 100), registry, Clock.systemUTC());
        tenants.onChange(metrics::update);
        for (String tenant : List.of("acme", "globex", "none", "other")) {
            registry.counter("cancel.gateway.cancellations", "tenant", tenant).increment();
        }

        Files.delete(dir.resolve("acme"));
        tenants.load();

        assertThat(registry.get("cancel.gateway.cancellations").counters())
                .extracting(counter -> counter.getId().getTag("tenant"))
                .containsExactlyInAnyOrder("globex", "none", "other");
    }

    @Test
    void aRejectedKeyIsSentOnAndShownUntilItIsTakenOrReplaced() throws IOException {
        Files.writeString(dir.resolve("acme"), "tlk_1");
        Tenants tenants = load(Map.of());
        Tenant acme = tenants.find(new TenantId("acme")).orElseThrow();

        tenants.keyRejected(acme);
        assertThat(tenants.find(acme.id())).contains(acme);
        assertThat(tenants.states()).containsEntry(acme.id(), KeyState.REJECTED);

        tenants.keyAccepted(acme);
        assertThat(tenants.states()).containsEntry(acme.id(), KeyState.ACTIVE);

        tenants.keyRejected(acme);
        Files.writeString(dir.resolve("acme"), "tlk_2");
        tenants.load();
        assertThat(tenants.states()).containsEntry(acme.id(), KeyState.ACTIVE);
    }

    @Test
    void gaugesShowStatesAndNameOnlyTheTenantsInTrouble() throws IOException {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        Tenants tenants = load(Map.of("acme", "tlk_1", "globex", "tlk_2", "initech", "tlk_3"));
        TenantMetrics metrics = new TenantMetrics(tenants, tags(tenants, 1), registry, Clock.systemUTC());
        tenants.onChange(metrics::update);
        assertThat(trouble(registry)).isZero();

        for (String name : new String[] {"acme", "globex", "initech"}) {
            tenants.keyRejected(tenants.find(new TenantId(name)).orElseThrow());
        }

        assertThat(registry.get("cancel.gateway.tenant.keys")
                        .tag("state", "rejected")
                        .gauge()
                        .value())
                .isEqualTo(3);
        assertThat(registry.get("cancel.gateway.tenant.key.trouble")
                        .tags("tenant", "acme", "state", "rejected")
                        .gauge()
                        .value())
                .isEqualTo(1);
        assertThat(registry.get("cancel.gateway.tenant.key.trouble")
                        .tag("tenant", "other")
                        .gauge()
                        .value())
                .isEqualTo(1);

        for (String name : new String[] {"acme", "globex", "initech"}) {
            tenants.keyAccepted(tenants.find(new TenantId(name)).orElseThrow());
        }
        assertThat(trouble(registry)).isZero();
    }

    private static long trouble(SimpleMeterRegistry registry) {
        return registry.getMeters().stream()
                .map(Meter::getId)
                .filter(id -> id.getName().equals("cancel.gateway.tenant.key.trouble"))
                .count();
    }

    @Test
    void aWrongSettingIsRefusedByItsName() {
        assertThatThrownBy(() -> load(Map.of("Acme Inc", "tlk_1")))
                .isInstanceOf(InvalidSettingException.class)
                .hasMessageContaining("gateway.tenants.Acme Inc")
                .hasMessageNotContaining("tlk_1");
        assertThatThrownBy(() -> load(Map.of("acme", "two words")))
                .isInstanceOf(InvalidSettingException.class)
                .hasMessageContaining("gateway.tenants.acme.api-key")
                .hasMessageNotContaining("two words");
        assertThatThrownBy(() -> new KeySource(new TenantProperties(dir.resolve("missing"), Map.of())))
                .isInstanceOf(InvalidSettingException.class)
                .hasMessageContaining("gateway.tenants-dir");
    }

    @Test
    void aKeyDoesNotPrint() {
        ApiKey key = ApiKey.parse("tlk_1").orElseThrow();

        assertThat(key.toString() + new Tenant(new TenantId("acme"), key) + new TenantProperties.Setting("tlk_1"))
                .doesNotContain("tlk_1");
        assertThat(key.redactFrom("key tlk_1 is bad")).isEqualTo("key [redacted] is bad");
    }

    @Test
    void whichTenantsHaveATagIsTheSameWhoeverAsksFirst() throws IOException {
        TenantTags tags = tags(load(Map.of("b", "tlk_b", "c", "tlk_c", "a", "tlk_a")), 2);

        assertThat(tags.of(new TenantId("c"))).isEqualTo("other");
        assertThat(tags.of(new TenantId("b"))).isEqualTo("b");
        assertThat(tags.of(new TenantId("a"))).isEqualTo("a");
        assertThat(tags(load(Map.of("a", "tlk_a")), 0).of(new TenantId("a"))).isEqualTo("other");
    }

    @Test
    void aHundredTenantsHaveATagWhereNothingIsSet() {
        MetricsProperties properties = new Binder().bindOrCreate("gateway.metrics", MetricsProperties.class);

        assertThat(properties.maxTenants()).isEqualTo(100);
    }

    @Test
    void aTenantThatIsNotConfiguredHasNoTagAndTakesNone() throws IOException {
        TenantTags tags = tags(load(Map.of("b", "tlk_b")), 1);

        assertThat(tags.of(new TenantId("a"))).isEqualTo("other");
        assertThat(tags.of(new TenantId("b"))).isEqualTo("b");
    }

    @Test
    void theWordsThatTagsUseThemselvesAreNoTenantsTagAndTakeNone() throws IOException {
        TenantTags tags = tags(load(Map.of("none", "tlk_1", "other", "tlk_2", "zeta", "tlk_3")), 1);

        assertThat(tags.of(new TenantId("none"))).isEqualTo("other");
        assertThat(tags.of(new TenantId("other"))).isEqualTo("other");
        assertThat(tags.of(new TenantId("zeta"))).isEqualTo("zeta");
    }

    @Test
    void tagsFollowTheConfiguration() throws IOException {
        for (String id : new String[] {"b", "c"}) {
            Files.writeString(dir.resolve(id), "tlk_" + id);
        }
        Tenants tenants = load(Map.of());
        TenantTags tags = tags(tenants, 1);
        assertThat(tags.of(new TenantId("b"))).isEqualTo("b");

        Files.delete(dir.resolve("b"));
        tenants.load();
        assertThat(tags.of(new TenantId("b"))).isEqualTo("other");
        assertThat(tags.of(new TenantId("c"))).isEqualTo("c");

        Files.writeString(dir.resolve("a"), "tlk_a");
        tenants.load();
        assertThat(tags.of(new TenantId("a"))).isEqualTo("a");
        assertThat(tags.of(new TenantId("c"))).isEqualTo("other");
    }

    @Test
    void theTenantInTroubleIsNamedByTheTagOfItsChange() throws IOException {
        Files.writeString(dir.resolve("b"), "tlk_b");
        Files.writeString(dir.resolve("c"), "");
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        TenantConfiguration configuration = new TenantConfiguration();
        Tenants tenants = load(Map.of());
        configuration.tenantMetrics(
                tenants, configuration.tenantTags(tenants, new MetricsProperties(1)), registry, Clock.systemUTC());
        assertThat(troubledTenants(registry)).containsExactly("other");

        Files.delete(dir.resolve("b"));
        tenants.load();

        assertThat(troubledTenants(registry)).containsExactly("c");
    }

    private static List<String> troubledTenants(SimpleMeterRegistry registry) {
        return registry.get("cancel.gateway.tenant.key.trouble").meters().stream()
                .map(meter -> meter.getId().getTag("tenant"))
                .toList();
    }

    private static TenantTags tags(Tenants tenants, int max) {
        TenantTags tags = new TenantTags(tenants, max);
        tenants.onChange(tags::update);
        return tags;
    }

    private Tenants load(Map<String, String> settings) throws IOException {
        Map<String, TenantProperties.Setting> values = new java.util.HashMap<>();
        settings.forEach((name, key) -> values.put(name, new TenantProperties.Setting(key)));
        Tenants tenants = new Tenants(new KeySource(new TenantProperties(dir, values)));
        tenants.load();
        return tenants;
    }

    private static String key(Tenants tenants, String id) {
        return tenants.find(new TenantId(id)).orElseThrow().key().reveal();
    }
}
