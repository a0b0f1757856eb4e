import NIOCore
import NIOHTTP1
import NIOTLS

/// A connection that is one too many: the answer at once, before any request, and a short while for it to be read. With
/// TLS below, nothing can be said before its handshake.
final class OverloadHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let answer: ByteBuffer = {
        let refusal = Refusal.overload
        var text = "HTTP/1.1 \(refusal.status.code) \(refusal.status.reasonPhrase)\r\n"
        for (name, value) in refusal.head.headers { text += "\(name): \(value)\r\n" }
        return ByteBuffer(string: text + "\r\n" + refusal.text)
    }()

    private let isEncrypted: Bool
    private var deadline: Deadline?
    private var thrownAway = 0

    init(isEncrypted: Bool) {
        self.isEncrypted = isEncrypted
    }

    func channelActive(context: ChannelHandlerContext) {
        deadline = Deadline(on: context.eventLoop) { context.close(promise: nil) }
        deadline?.set(
            .now() + (isEncrypted ? ConnectionLimits.encryptedRefusalLingering : ConnectionLimits.refusalLingering))
        if !isEncrypted { answer(context) }
        context.fireChannelActive()
    }

    private func answer(_ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(Self.answer), promise: nil)
        context.close(mode: .output, promise: nil)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        thrownAway += unwrapInboundIn(data).readableBytes
        if thrownAway > ConnectionLimits.drainedRest { context.close(promise: nil) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case TLSUserEvent.handshakeCompleted: answer(context)
        case ChannelEvent.inputClosed, is ChannelShouldQuiesceEvent: context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }
}

/// A connection beyond even that.
final class ShutDoorHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    func channelActive(context: ChannelHandlerContext) {
        context.close(promise: nil)
    }
}
