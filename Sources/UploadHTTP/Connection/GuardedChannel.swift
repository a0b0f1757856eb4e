import EventLoops
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1

/// The framework's HTTP/1.1 with our rules around it: ``PaceHandler`` before the parser, ``ExchangeHandler`` behind it,
/// and a bound on the number of connections.
struct GuardedChannel: ServerChildChannel {
    enum Value: ServerChildChannelValue {
        case served(HTTP1Channel.Value)
        case refused(any Channel)

        var channel: any Channel {
            switch self {
            case .served(let value): value.channel
            case .refused(let channel): channel
            }
        }
    }

    private let http1: HTTP1Channel
    private let limits: ConnectionLimits
    private let admissions: Admissions
    private let bodies: BodyCount
    /// Whether TLS is below.
    private let isEncrypted: Bool
    private let crossOrigin: CrossOrigin

    init(
        responder: @escaping HTTPChannelHandler.Responder, limits: ConnectionLimits, admissions: Admissions,
        bodies: BodyCount, isEncrypted: Bool, crossOrigin: CrossOrigin
    ) {
        http1 = HTTP1Channel(
            responder: responder,
            configuration: .init(
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: ConnectionLimits.headSize, maxHeaderListSize: ConnectionLimits.headSize,
                    maxHeaderFieldCount: ConnectionLimits.headFields)))
        self.limits = limits
        self.admissions = admissions
        self.bodies = bodies
        self.isEncrypted = isEncrypted
        self.crossOrigin = crossOrigin
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let verdict = admissions.enter()
        channel.closeFuture.whenComplete { [admissions] _ in admissions.leave(verdict) }
        let pipeline = channel.pipeline
        switch verdict {
        case .serve:
            // A kernel that does not know the first option takes more of an answer at once; that is all.
            try? channel.syncOptions?.setOption(.tcpOption(.unsentLowWater), value: ConnectionLimits.unsent)
            try? channel.syncOptions?.setOption(.recvAllocator, value: ReceiveBuffers(bodies))
            // A channel keeps as many buffers, its first ones, for as long as it lives.
            try? channel.syncOptions?.setOption(.maxMessagesPerRead, value: 1)
            return http1.setup(channel: channel, logger: logger).flatMapThrowing {
                [limits, admissions, bodies, crossOrigin] value in
                let pipeline = pipeline.syncOperations
                let pace = PaceHandler(limits: limits, admissions: admissions, bodies: bodies)
                // By position, so that whatever was there before (TLS) stays in front.
                let encoder = try pipeline.handler(type: HTTPResponseEncoder.self)
                try pipeline.addHandler(pace, position: .before(encoder))
                let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
                try pipeline.addHandler(
                    ExchangeHandler(pace: pace, crossOrigin: crossOrigin), position: .after(decoder))
                return .served(value)
            }
        case .refuse:
            return channel.eventLoop.makeCompletedFuture { [isEncrypted] in
                try pipeline.syncOperations.addHandler(OverloadHandler(isEncrypted: isEncrypted))
                return .refused(channel)
            }
        case .drop:
            return channel.eventLoop.makeCompletedFuture {
                try pipeline.syncOperations.addHandler(ShutDoorHandler())
                return .refused(channel)
            }
        }
    }

    func handle(value: Value, logger: Logger) async {
        // One that is refused ends by itself.
        guard case .served(let value) = value else { return }
        await withTaskExecutorPreference(EventLoopExecutor(value.channel.eventLoop)) {
            await http1.handle(value: value, logger: logger)
        }
    }
}

extension HTTPServerBuilder {
    /// HTTP/1.1 whose connections are kept within limits.
    ///
    /// - Parameters:
    ///   - certificate: for TLS below HTTP.
    ///   - handshakeTimeout: how long a handshake may take.
    ///   - crossOrigin: what web pages may read.
    static func guarded(
        _ limits: ConnectionLimits, certificate: FrontCertificate?, handshakeTimeout: TimeAmount,
        crossOrigin: CrossOrigin, logger: Logger
    ) -> HTTPServerBuilder {
        let admissions = Admissions(limit: limits.maxConnections, logger: logger)
        let bodies = BodyCount()
        return HTTPServerBuilder { responder in
            GuardedChannel(
                responder: responder, limits: limits, admissions: admissions, bodies: bodies,
                isEncrypted: certificate != nil, crossOrigin: crossOrigin
            ).encrypted(with: certificate, handshakeTimeout: handshakeTimeout)
        }
    }
}

extension NIOBSDSocket.Option {
    /// TCP_NOTSENT_LOWAT of Linux (tcp(7)).
    fileprivate static let unsentLowWater = NIOBSDSocket.Option(rawValue: 25)
}
