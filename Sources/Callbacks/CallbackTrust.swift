import NIOSSL

/// The certificates that an https receiver's has to lead to, in place of the system's.
public struct CallbackTrust: Sendable {
    private let certificates: [NIOSSLCertificate]

    /// - Parameter pem: the content of a PEM file with one or more certificates.
    /// - Returns: `nil` when it holds none, or something else beside them.
    public init?(pem: [UInt8]) {
        guard !pem.isEmpty, let certificates = try? NIOSSLCertificate.fromPEMBytes(pem) else { return nil }
        self.certificates = certificates
    }

    /// How receivers are verified.
    ///
    /// - Parameter trust: `nil` for the system's certificates.
    static func configuration(_ trust: CallbackTrust?) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let trust { configuration.trustRoots = .certificates(trust.certificates) }
        return configuration
    }
}
