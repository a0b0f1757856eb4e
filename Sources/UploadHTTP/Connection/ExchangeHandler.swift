import NIOCore
import NIOHTTP1

/// Keeps one connection in order: requests one after the other, each answered once, and an end at which no answer is
/// lost.
///
/// Sits between the parser and the framework. The framework reads every body to its end before it takes the next
/// request, however large the rest is; closes without waiting for what is still being sent; knows no
/// `Expect: 100-continue`; and answers what is no HTTP with a bare 400. All of that is decided here instead. For the
/// framework the end of a connection looks as if the client had ended it.
final class ExchangeHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// Sent outwards by a handler that begins to read its request's body.
    struct BodyWanted: Sendable {}

    private let pace: PaceHandler
    /// The request whose body is coming.
    private var incoming: IncomingRequest?
    /// Requests that the framework was given and has not answered.
    private var due = 0
    /// Whether another request may follow those that have come.
    private var takesRequests = true
    /// Whether everything that still comes is dropped.
    private var isDeaf = false
    /// What is to be answered after all that is due.
    private var refusal: Refusal?
    /// Whether a HEAD is refused.
    private var refusesHead = false
    private var hasEnded = false
    private var inputHasEnded = false
    /// Answers that are not on the wire yet.
    private var unwritten = 0

    init(pace: PaceHandler) {
        self.pace = pace
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDeaf else { return }
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head, context)
        case .body(let bytes):
            incoming?.take(bytes.readableBytes)
            context.fireChannelRead(wrapInboundOut(.body(Self.compact(bytes, context))))
        case .end:
            incoming = nil
            pace.enter(due > 0 ? .answer : .idle)
            context.fireChannelRead(data)
        }
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard takesRequests else {
            isDeaf = true
            return
        }
        if let refusal = RequestHeadRules.refusal(of: head) {
            refusesHead = head.method == .HEAD
            return refuse(refusal, context)
        }
        takesRequests = RequestHeadRules.persists(head)
        incoming = IncomingRequest(head)
        due += 1
        pace.enter(.unreadBody)
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    /// A few bytes are copied out of the buffer that they were received into: whoever keeps them for a while would keep
    /// all of it.
    private static func compact(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) -> ByteBuffer {
        guard bytes.readableBytes <= 512 else { return bytes }
        var copy = context.channel.allocator.buffer(capacity: bytes.readableBytes)
        copy.writeImmutableBuffer(bytes)
        return copy
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is BodyWanted else { return context.triggerUserOutboundEvent(event, promise: promise) }
        promise?.succeed()
        // With more than one due, it is an older request that is read, and that one has come completely.
        guard due == 1, let incoming, !incoming.hasFailed else { return }
        pace.enter(.body)
        guard incoming.waitsForContinue else { return }
        self.incoming?.answered()
        context.writeAndFlush(
            wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
    }

    // MARK: Faults

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case PaceHandler.Fault.slowHead: if takesRequests { refuse(.slowHead, context) }
        case PaceHandler.Fault.largeHead: if takesRequests { refuse(.largeHead, context) }
        case PaceHandler.Fault.slowBody: failBody(.refused(.slowBody), context)
        case let error as HTTPParserError:
            if inputHasEnded || error == .invalidEOFState, incoming != nil {
                failBody(.endedEarly, context)
            } else if incoming != nil {
                failBody(.refused(Refusal(error, looksLikeMethod: false)), context)
            } else if takesRequests {
                refuse(Refusal(error, looksLikeMethod: pace.headLooksLikeMethod), context)
            }
        // More bytes after a fault.
        case is ByteToMessageDecoderError: break
        default: context.fireErrorCaught(error)
        }
    }

    /// Refuses what comes after the requests that are due.
    private func refuse(_ refusal: Refusal, _ context: ChannelHandlerContext) {
        (isDeaf, takesRequests) = (true, false)
        self.refusal = refusal
        pace.enter(.answer)
        if due == 0 { answerRefusal(context) }
    }

    private func answerRefusal(_ context: ChannelHandlerContext) {
        guard let refusal else { return }
        context.write(wrapOutboundOut(.head(refusal.head)), promise: nil)
        if !refusesHead {
            let text = context.channel.allocator.buffer(string: refusal.text)
            context.write(wrapOutboundOut(.body(.byteBuffer(text))), promise: nil)
        }
        writeEnd(nil, context, promise: nil)
        end(context)
    }

    /// Tells the handler that the body won't come to its end.
    private func failBody(_ fault: BodyFault, _ context: ChannelHandlerContext) {
        guard let incoming, !incoming.hasFailed else { return }
        self.incoming?.hasFailed = true
        (isDeaf, takesRequests) = (true, false)
        // It has its answer already.
        guard due > 0 else { return end(context) }
        pace.enter(.answer)
        context.fireErrorCaught(fault)
    }

    // MARK: Answers

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !hasEnded else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(let head): context.write(wrapOutboundOut(.head(final(head))), promise: promise)
        case .body: context.write(data, promise: promise)
        case .end(let trailers):
            due -= 1
            writeEnd(trailers, context, promise: promise)
            guard due == 0 else { return }
            if refusal != nil {
                answerRefusal(context)
            } else if !takesRequests {
                end(context)
            } else {
                pace.enter(incoming == nil ? .idle : .body)
            }
        }
    }

    /// The head of an answer, with the word on whether the connection goes on after it.
    private func final(_ head: HTTPResponseHead) -> HTTPResponseHead {
        var head = head
        if due == 1, let incoming, !incoming.isWorthReading { takesRequests = false }
        if head.headers[canonicalForm: "connection"].contains("close") { takesRequests = false }
        let isLast = due == 1 && refusal == nil
        head.headers.remove(name: "connection")
        if isLast, !takesRequests { head.headers.add(name: "connection", value: "close") }
        return head
    }

    private func writeEnd(
        _ trailers: HTTPHeaders?, _ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?
    ) {
        let written = promise ?? context.eventLoop.makePromise()
        unwritten += 1
        written.futureResult.assumeIsolated().whenComplete { _ in
            self.unwritten -= 1
            if self.hasEnded, self.inputHasEnded { self.closeWhenWritten(context) }
        }
        context.writeAndFlush(wrapOutboundOut(.end(trailers)), promise: written)
    }

    // MARK: The end

    /// Ends our side when all answers are out, and leaves the client a while to end its own.
    private func end(_ context: ChannelHandlerContext) {
        guard !hasEnded else { return }
        (hasEnded, isDeaf, takesRequests) = (true, true, false)
        pace.enter(.end)
        context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        // Half-closing what is half-closed already would drop the answers that are still being written.
        if inputHasEnded { closeWhenWritten(context) } else { context.close(mode: .output, promise: nil) }
    }

    private func closeWhenWritten(_ context: ChannelHandlerContext) {
        if unwritten == 0 { context.close(promise: nil) }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode != .input else { return context.close(mode: mode, promise: promise) }
        end(context)
        if mode == .all { context.channel.closeFuture.cascade(to: promise) } else { promise?.succeed() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            takesRequests = false
            guard due == 0, !hasEnded else { return }
            if incoming == nil { context.close(promise: nil) } else { end(context) }
        case ChannelEvent.inputClosed:
            inputHasEnded = true
            failBody(.endedEarly, context)
            if hasEnded { closeWhenWritten(context) } else { context.fireUserInboundEventTriggered(event) }
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        failBody(.endedEarly, context)
        context.fireChannelInactive()
    }
}
