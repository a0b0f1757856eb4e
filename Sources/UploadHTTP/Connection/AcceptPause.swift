import Logging
import NIOCore

/// Lets a listening socket rest when there is no descriptor, or no memory, for another connection.
///
/// The transport has a handler of its own for that, which waits before it asks again. But the socket stays registered
/// meanwhile, and as a connection does wait there, the event loop turns as fast as it can.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private static let rest = TimeAmount.seconds(1)
    private let logger: Logger
    private var isResting = false

    private init(logger: Logger) {
        self.logger = logger
    }

    /// Adds it to a channel that listens.
    static func add(to channel: any Channel, logger: Logger) async throws {
        try await channel.eventLoop.submit {
            try channel.pipeline.syncOperations.addHandler(AcceptPause(logger: logger), position: .first)
        }.get()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is IOError, !isResting {
            logger.warning("no more connections can be accepted for now", metadata: ["error": "\(error)"])
            isResting = true
            setAutoRead(false, context)
            context.eventLoop.assumeIsolated().scheduleTask(in: Self.rest) {
                self.isResting = false
                self.setAutoRead(true, context)
            }
        }
        context.fireErrorCaught(error)
    }

    private func setAutoRead(_ isOn: Bool, _ context: ChannelHandlerContext) {
        // It fails when the server has stopped listening, and there is nothing to do then.
        try? context.channel.syncOptions?.setOption(.autoRead, value: isOn)
    }
}
