# Needs nothing but Docker: the Maven build is a stage of it. The base images are public ones; --build-arg takes others.
# The runtime image needs a Java 25 on its path, and no shell.
ARG BUILD_IMAGE=eclipse-temurin:25-jdk
ARG RUNTIME_IMAGE=gcr.io/distroless/java25-debian13:nonroot

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
# a mirror of Maven Central, for those who cannot reach it
ARG MAVEN_MIRROR=
ENV MVNW_REPOURL=${MAVEN_MIRROR}
RUN [ -z "$MAVEN_MIRROR" ] || { mkdir -p ~/.m2 && printf '%s%s%s\n' \
      '<settings><mirrors><mirror><id>mirror</id><mirrorOf>*</mirrorOf><url>' "$MAVEN_MIRROR" \
      '</url></mirror></mirrors></settings>' > ~/.m2/settings.xml; }
# dependencies and plugins first, so that this layer is reused until pom.xml changes
COPY .mvn .mvn
COPY mvnw pom.xml ./
# where there is no unzip, mvnw takes the .tar.gz of the same Maven, and that has another sum
RUN command -v unzip \
 || sed -i -e '/^distributionSha256Sum=/d' -e 's/^tarGzSha256Sum=/distributionSha256Sum=/' \
      .mvn/wrapper/maven-wrapper.properties
RUN ./mvnw -B -ntp -q package -Dmaven.test.skip=true -Dspotless.check.skip=true -Dspring-boot.repackage.skip=true
COPY src/main src/main
# the commit in /actuator/info: there is no .git here
ARG REVISION=unknown
RUN [ "$REVISION" = unknown ] || printf 'git.commit.id=%s\n' "$REVISION" > src/main/resources/git.properties
# style and tests are the gate's
RUN ./mvnw -B -ntp -q package -Dmaven.test.skip=true -Dspotless.check.skip=true \
 && java -Djarmode=tools -jar target/cancel-gateway-*.jar extract --layers --destination /layers \
 && mv /layers/application/cancel-gateway-*.jar /layers/application/cancel-gateway.jar \
 && mkdir -p /layers/data
# one file for training and for running, since the cache is refused where compact headers differ. No relocation of the
# cache (which would copy all of it into memory of the process), native memory given back. What depends on the memory and
# the CPUs is in launch.c
RUN printf '%s\n' \
      -XX:+UseCompactObjectHeaders \
      -XX:MaxDirectMemorySize=32m \
      -XX:TrimNativeHeapInterval=15000 \
      -XX:+UnlockDiagnosticVMOptions \
      -XX:ArchiveRelocationMode=0 \
      -XX:+ExitOnOutOfMemoryError \
      --enable-native-access=ALL-UNNAMED \
      > /layers/application/java.options

# a static binary, since the runtime image has no shell to choose options with
FROM ${BUILD_IMAGE} AS launcher
RUN command -v gcc || { apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev; }
COPY src/main/docker/launch.c ./
RUN gcc -std=c17 -Wall -Wextra -Werror -O2 -static -s -o /launch launch.c

FROM ${RUNTIME_IMAGE} AS application
# whoever runs the application does not own it
USER 0:0
WORKDIR /app
COPY --from=build /layers/dependencies/ ./
COPY --from=build /layers/spring-boot-loader/ ./
COPY --from=build /layers/snapshot-dependencies/ ./
COPY --from=build /layers/application/ ./
COPY --from=launcher /launch ./
ENV LOGGING_STRUCTURED_FORMAT_CONSOLE=ecs \
    SPRING_MAIN_BANNERMODE=off \
    MALLOC_ARENA_MAX=2

# starts the application up to the point where it would serve, with a database in memory, and keeps what the JVM loaded
FROM application AS training
RUN ["java", "@/app/java.options", "-XX:+UseSerialGC", "-XX:AOTCacheOutput=/app/cancel-gateway.aot", "-Xlog:aot=error", \
     "-Dspring.context.exit=onRefresh", "-Dspring.datasource.url=jdbc:h2:mem:training", \
     "-jar", "cancel-gateway.jar"]

FROM application
ARG RUNTIME_IMAGE
ARG VERSION=0.1.0-SNAPSHOT
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Cancel Gateway" \
      org.opencontainers.image.description="Cancels TwelveLabs analysis batches for internal services, without giving them a tenant's key" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${RUNTIME_IMAGE}"
COPY --from=training /app/cancel-gateway.aot ./
# the ledger's default place; a volume mounted here takes over its owner
COPY --from=build --chown=65532:65532 /layers/data/ ./data/
USER 65532:65532
EXPOSE 8080 8081
ENTRYPOINT ["/app/launch"]
