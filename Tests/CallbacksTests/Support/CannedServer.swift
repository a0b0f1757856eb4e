import NIOCore
import NIOPosix
import Synchronization

/// A server on the loopback that gives every connection the same bytes after its first request, and keeps what it got.
final class CannedServer: Sendable {
    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let server: CannedServer.Shared
        private var text = ""

        init(_ server: CannedServer.Shared) {
            self.server = server
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            text += String(buffer: unwrapInboundIn(data))
            // The body of the test's request is one JSON object.
            guard text.hasSuffix("}") else { return }
            server.seen.withLock { $0 = text }
            guard !server.reply.isEmpty else { return context.close(promise: nil) }
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: server.reply)), promise: nil)
            if server.endless { pour(context) }
        }

        private func pour(_ context: ChannelHandlerContext) {
            let channel = context.channel
            let chunk = ByteBuffer(repeating: UInt8(ascii: "x"), count: 16 * 1024)
            @Sendable func next() {
                // A failed write is the client's going away, which ends this.
                channel.writeAndFlush(chunk).whenSuccess { next() }
            }
            next()
        }
    }

    private final class Shared: Sendable {
        let reply: String
        let endless: Bool
        let seen = Mutex("")

        init(reply: String, endless: Bool) {
            self.reply = reply
            self.endless = endless
        }
    }

    private let shared: Shared
    private let channel: any Channel
    let port: Int

    /// - Parameters:
    ///   - reply: the answer; when empty, the connection is closed instead.
    ///   - endless: whether bytes without end follow.
    init(reply: String, endless: Bool) async throws {
        let shared = Shared(reply: reply, endless: endless)
        self.shared = shared
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(shared))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    /// Stops listening.
    ///
    /// - Returns: the last request.
    func stop() async throws -> String {
        try await channel.close()
        return shared.seen.withLock { $0 }
    }
}
