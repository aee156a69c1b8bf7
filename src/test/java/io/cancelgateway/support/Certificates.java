package io.cancelgateway.support;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import javax.net.ssl.TrustManager;

/** A certificate authority of the tests' own. */
public final class Certificates {

    private final X509Bundle authority;

    public Certificates() throws Exception {
        authority = new CertificateBuilder()
                .subject("CN=Authority of the tests")
                .setIsCertificateAuthority(true)
                .ecp256()
                .buildSelfSigned();
    }

    /** A certificate of a server with this name. */
    public X509Bundle issue(String name) throws Exception {
        return issue(name, Instant.now().plus(Duration.ofDays(1)));
    }

    /** @param until when it expires */
    public X509Bundle issue(String name, Instant until) throws Exception {
        return new CertificateBuilder()
                .subject("CN=" + name)
                .addSanDnsName(name)
                .notBefore(until.minus(Duration.ofDays(30)))
                .notAfter(until)
                .ecp256()
                .buildIssuedBy(authority);
    }

    /** The authority's own certificate, in PEM. */
    public Path authority(Path directory) throws Exception {
        return Files.writeString(directory.resolve("ca.crt"), authority.getCertificatePEM());
    }

    /** Trusts what this authority issued. */
    public TrustManager trust() {
        return authority.toTrustManager();
    }

    /** Writes {@code tls.crt} and {@code tls.key} in PEM, as a Kubernetes Secret has them. */
    public static void write(X509Bundle certificate, Path directory) throws Exception {
        Files.writeString(directory.resolve("tls.crt"), certificate.getCertificatePathPEM());
        Path key = Files.writeString(directory.resolve("tls.key"), certificate.getPrivateKeyPEM());
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    }

    public static SslContext server(X509Bundle certificate) throws Exception {
        return SslContextBuilder.forServer(certificate.toKeyManagerFactory()).build();
    }
}
