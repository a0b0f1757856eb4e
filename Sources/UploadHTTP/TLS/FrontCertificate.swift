import NIOCore
import NIOSSL
import Synchronization

/// The certificate that the front shows, and its key. Both are replaced together while the front serves: a connection
/// keeps what it began with.
public final class FrontCertificate: Sendable {
    /// Why certificate and key can't be used, worded to follow the name of the file.
    public enum Problem: Error, Equatable {
        /// It is the certificate's fault.
        case certificate(String)
        /// It is the key's fault.
        case key(String)
    }

    /// How long the peer's part of an orderly end is waited for when a connection is closed.
    private static let farewell = TimeAmount.seconds(2)

    private struct State {
        var context: NIOSSLContext
        var lastValidSecond: Int64
    }

    private let state: Mutex<State>

    /// - Parameters:
    ///   - certificate: the content of a PEM file: the server's own certificate, then those that lead to its root.
    ///   - key: the content of a PEM file with the private key, not encrypted.
    public init(certificate: [UInt8], key: [UInt8]) throws(Problem) {
        state = Mutex(try Self.load(certificate, key))
    }

    /// Shows these to connections that are made from now on.
    ///
    /// - Throws: what is wrong with them; nothing has changed then.
    public func replace(certificate: [UInt8], key: [UInt8]) throws(Problem) {
        let loaded = try Self.load(certificate, key)
        state.withLock { $0 = loaded }
    }

    /// The last second in which the certificate is valid, counted from 1970.
    public var lastValidSecond: Int64 { state.withLock { $0.lastValidSecond } }

    /// For one connection.
    func makeHandler() -> NIOSSLServerHandler {
        NIOSSLServerHandler(context: state.withLock { $0.context })
    }

    private static func load(_ certificate: [UInt8], _ key: [UInt8]) throws(Problem) -> State {
        // What the library throws are codes and lines of its sources, which help nobody.
        guard !certificate.isEmpty, let chain = try? NIOSSLCertificate.fromPEMBytes(certificate), let own = chain.first
        else { throw .certificate("holds no certificate in PEM") }
        guard !key.isEmpty, let privateKey = try? NIOSSLPrivateKey(bytes: key, format: .pem) else {
            throw .key("holds no private key in PEM, or one that is encrypted")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        configuration.shutdownTimeout = farewell
        // No client is asked for a certificate, so the system's need not be read.
        configuration.trustRoots = .certificates([])
        guard let context = try? NIOSSLContext(configuration: configuration) else {
            throw .key("does not belong to the certificate")
        }
        return State(context: context, lastValidSecond: Int64(own.notValidAfter))
    }
}
