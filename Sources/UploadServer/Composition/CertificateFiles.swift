import Callbacks
import Foundation
import Logging
import UploadCore
import UploadHTTP

/// A file of certificates or of a key can't be used.
struct CertificateFileError: Error, CustomStringConvertible {
    /// The configuration's key.
    let key: String
    let path: String
    /// Worded to follow the file's name.
    let problem: String

    var description: String { "\(key): the file \(path) \(problem)" }

    /// The bytes of a file.
    static func bytes(of path: String, for key: String) throws(CertificateFileError) -> [UInt8] {
        do {
            return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            let problem =
                switch (error as? CocoaError)?.code {
                case .fileReadNoSuchFile, .fileNoSuchFile: "is not there"
                case .fileReadNoPermission: "may not be read by this user"
                default: "can't be read: \(error.localizedDescription)"
                }
            throw CertificateFileError(key: key, path: path, problem: problem)
        }
    }
}

/// The certificates that the configuration names, as they were at the start.
struct Certificates {
    /// What TLS is served with; `nil` for plain HTTP.
    let front: FrontCertificateFiles?
    /// What receivers' certificates have to lead to; `nil` for those of the system.
    let callbacks: CallbackTrust?

    init(_ configuration: ServerConfiguration, logger: Logger) throws {
        front = try FrontCertificateFiles(configuration)
        callbacks = try CallbackTrust(configuration)
        if let front { logger.notice("TLS certificate loaded: \(front.validity)") }
    }
}

/// The files of `server.tls`, and what the front shows of them.
struct FrontCertificateFiles: Sendable {
    /// What connections are served with.
    let certificate: FrontCertificate
    private let paths: (certificate: String, key: String)

    /// - Returns: `nil` where none are configured.
    init?(_ configuration: ServerConfiguration) throws {
        guard !configuration.tlsCertificate.isEmpty else { return nil }
        paths = (configuration.tlsCertificate, configuration.tlsKey)
        let (certificate, key) = try Self.read(paths)
        do {
            self.certificate = try FrontCertificate(certificate: certificate, key: key)
        } catch {
            throw Self.translated(error, paths)
        }
    }

    /// Reads the files again, for connections that are made from now on.
    ///
    /// - Returns: a few words for the log.
    func reload() throws -> String {
        let (certificate, key) = try Self.read(paths)
        do {
            try self.certificate.replace(certificate: certificate, key: key)
        } catch {
            throw Self.translated(error, paths)
        }
        return validity
    }

    /// Until when the certificate is valid.
    var validity: String {
        let end = Timestamp(milliseconds: certificate.lastValidSecond * 1000)
        return end < SystemClock().now ? "NOT VALID since \(end)" : "valid until \(end)"
    }

    private static func read(
        _ paths: (certificate: String, key: String)
    ) throws(CertificateFileError) -> (certificate: [UInt8], key: [UInt8]) {
        (
            try CertificateFileError.bytes(of: paths.certificate, for: "server.tls.certificate"),
            try CertificateFileError.bytes(of: paths.key, for: "server.tls.key")
        )
    }

    private static func translated(
        _ problem: FrontCertificate.Problem, _ paths: (certificate: String, key: String)
    ) -> CertificateFileError {
        switch problem {
        case .certificate(let text):
            CertificateFileError(key: "server.tls.certificate", path: paths.certificate, problem: text)
        case .key(let text):
            CertificateFileError(key: "server.tls.key", path: paths.key, problem: text)
        }
    }
}

extension CallbackTrust {
    /// The certificates of `callbackCaFile`; `nil` where the system's are to be used.
    init?(_ configuration: ServerConfiguration) throws {
        let path = configuration.callbackCAFile
        guard !path.isEmpty else { return nil }
        guard let trust = CallbackTrust(pem: try CertificateFileError.bytes(of: path, for: "callbackCaFile")) else {
            throw CertificateFileError(key: "callbackCaFile", path: path, problem: "holds no certificate in PEM")
        }
        self = trust
    }
}
