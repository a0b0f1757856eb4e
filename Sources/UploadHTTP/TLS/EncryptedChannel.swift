import HummingbirdCore
import Logging
import NIOCore

/// A connection with TLS below whatever else is on it.
struct EncryptedChannel<Base: ServerChildChannel>: ServerChildChannel {
    let base: Base
    let certificate: FrontCertificate
    /// For the whole handshake, counted from the connection.
    let handshakeTimeout: TimeAmount

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandlers([
                certificate.makeHandler(), HandshakeDeadline(handshakeTimeout),
            ])
        }.flatMap {
            base.setup(channel: channel, logger: logger)
        }
    }

    func handle(value: Base.Value, logger: Logger) async {
        await base.handle(value: value, logger: logger)
    }
}

extension ServerChildChannel {
    /// The same with TLS where there is a certificate.
    func encrypted(with certificate: FrontCertificate?, handshakeTimeout: TimeAmount) -> any ServerChildChannel {
        guard let certificate else { return self }
        return EncryptedChannel(base: self, certificate: certificate, handshakeTimeout: handshakeTimeout)
    }
}
