import Foundation

/// An authority that certifies whatever a test wants, by openssl(1).
public struct TestCA: Sendable {
    /// A certificate and its key, as files.
    public struct Identity: Sendable {
        /// The certificate (PEM).
        public let certificate: String
        /// Its private key (PEM).
        public let key: String
    }

    /// openssl refused.
    public struct Failure: Error, CustomStringConvertible {
        /// What it said.
        public let description: String
    }

    /// The authority's own certificate (PEM).
    public let certificate: String
    private let folder: String
    private let key: String

    /// Makes an authority.
    ///
    /// - Parameter folder: where its files go, and those of what it certifies; must be there.
    public init(in folder: String, name: String = "ca") async throws {
        self.folder = folder
        certificate = "\(folder)/\(name).pem"
        key = "\(folder)/\(name).key"
        try await Self.openssl(
            ["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=\(name)", "-keyout", key, "-out", certificate]
                + Self.newKey)
    }

    /// Certifies a new key, in files of this name.
    ///
    /// - Parameters:
    ///   - hosts: as subjectAltName has them.
    ///   - days: from now on; below zero for one that has expired.
    public func issue(
        _ name: String, for hosts: String = "IP:127.0.0.1,DNS:localhost", days: Int = 2
    ) async throws -> Identity {
        let identity = Identity(certificate: "\(folder)/\(name).pem", key: "\(folder)/\(name).key")
        let request = "\(folder)/\(name).csr"
        try await Self.openssl(
            ["req", "-new", "-nodes", "-subj", "/CN=\(name)", "-addext", "subjectAltName=\(hosts)"]
                + ["-keyout", identity.key, "-out", request] + Self.newKey)
        try await Self.openssl([
            "x509", "-req", "-in", request, "-CA", certificate, "-CAkey", key, "-days", "\(days)", "-copy_extensions",
            "copyall", "-out", identity.certificate,
        ])
        return identity
    }

    private static let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]

    private static func openssl(_ arguments: [String]) async throws {
        let process = try ProgramProcess("openssl", arguments)
        process.closeInput()
        let exit = try await process.waitForExit()
        guard exit == .code(0) else {
            throw Failure(description: "openssl \(arguments): \(process.output.value.errorText)")
        }
    }
}
