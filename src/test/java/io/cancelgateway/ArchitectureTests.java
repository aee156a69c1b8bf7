package io.cancelgateway;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.cancelgateway.tenant.ApiKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import org.jspecify.annotations.NullMarked;
import org.springframework.dao.DataAccessException;
import org.springframework.transaction.TransactionException;

/** The walls between the rooms. */
@AnalyzeClasses(packages = "io.cancelgateway", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTests {

    @ArchTest
    static final ArchRule arrows = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .layer("cancellation")
            .definedBy("io.cancelgateway.cancellation..")
            .layer("twelvelabs")
            .definedBy("io.cancelgateway.twelvelabs..")
            .layer("ledger")
            .definedBy("io.cancelgateway.ledger..")
            .layer("openapi")
            .definedBy("io.cancelgateway.openapi..")
            .layer("caller")
            .definedBy("io.cancelgateway.caller..")
            .layer("tenant")
            .definedBy("io.cancelgateway.tenant..")
            .layer("problem")
            .definedBy("io.cancelgateway.problem..")
            .layer("platform")
            .definedBy("io.cancelgateway.platform..")
            .whereLayer("cancellation")
            .mayOnlyAccessLayers("ledger", "twelvelabs", "tenant", "caller", "problem", "platform")
            .whereLayer("twelvelabs")
            .mayOnlyAccessLayers("tenant", "platform")
            .whereLayer("ledger")
            .mayOnlyAccessLayers("tenant", "platform")
            .whereLayer("openapi")
            .mayOnlyAccessLayers("problem")
            .whereLayer("caller")
            .mayOnlyAccessLayers("tenant", "problem", "platform")
            .whereLayer("tenant")
            .mayOnlyAccessLayers("problem", "platform")
            .whereLayer("problem")
            .mayNotAccessAnyLayer()
            .whereLayer("platform")
            .mayNotAccessAnyLayer();

    @ArchTest
    static final ArchRule noCycles =
            slices().matching("io.cancelgateway.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule reactorStaysInOneRoom = noClasses()
            .that()
            .resideOutsideOfPackage("io.cancelgateway.twelvelabs..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("reactor..", "org.reactivestreams..", "org.springframework.web.reactive..");

    @ArchTest
    static final ArchRule sqlAndTransactionsStayInOneRoom = noClasses()
            .that()
            .resideOutsideOfPackage("io.cancelgateway.ledger..")
            .should()
            .dependOnClassesThat(resideInAnyPackage(
                            "java.sql..",
                            "javax.sql..",
                            "org.springframework.jdbc..",
                            "org.springframework.transaction..")
                    // how they fail may be known elsewhere
                    .and(not(assignableTo(TransactionException.class)))
                    .and(not(assignableTo(DataAccessException.class))));

    @ArchTest
    static final ArchRule timeIsInjected = noClasses()
            .that()
            .resideOutsideOfPackage("io.cancelgateway.platform..")
            .should()
            .callMethod(Instant.class, "now")
            .orShould()
            .callMethod(LocalDateTime.class, "now")
            .orShould()
            .callMethod(OffsetDateTime.class, "now")
            .orShould()
            .callMethod(ZonedDateTime.class, "now")
            .orShould()
            .callMethod(System.class, "nanoTime")
            .orShould()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .callMethod(Clock.class, "systemUTC")
            .orShould()
            .callMethod(Clock.class, "systemDefaultZone")
            .orShould()
            .callMethod(LocalDate.class, "now")
            .orShould()
            .callMethod(Thread.class, "sleep", long.class)
            .orShould()
            .callMethod(Thread.class, "sleep", Duration.class);

    @ArchTest
    static final ArchRule aKeyIsRevealedOnlyToTheVendor = noClasses()
            .that()
            .resideOutsideOfPackage("io.cancelgateway.twelvelabs..")
            .should()
            .callMethod(ApiKey.class, "reveal");

    @ArchTest
    static final ArchRule namesSayWhatAThingIs =
            noClasses().should().haveNameMatching(".*(Impl|Utils?|Helper|Manager)");

    @ArchTest
    static final ArchRule controllersAreTheirRoomsOwn = classes()
            .that()
            .areAnnotatedWith("org.springframework.web.bind.annotation.RestController")
            .should()
            .notBePublic();

    @ArchTest
    static void everyPackageIsNullMarked(JavaClasses classes) {
        assertThat(classes.stream().map(JavaClass::getPackage).distinct())
                .allSatisfy(room -> assertThat(room.isAnnotatedWith(NullMarked.class))
                        .as(room.getName())
                        .isTrue());
    }
}
