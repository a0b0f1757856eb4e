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
    private let crossOrigin: CrossOrigin
    /// The request whose body is coming.
    private var incoming: IncomingRequest?
    /// Requests that the framework was given and has not answered.
    private var due = 0
    /// Whether another request may follow those that have come.
    private var takesRequests = true
    /// What is to be answered after all that is due.
    private var refusal: Refusal?
    /// Whether a HEAD is refused.
    private var refusesHead = false
    private var hasEnded = false
    private var inputHasEnded = false
    /// Whether the server can't wait for answers to be taken.
    private var isHurried = false
    /// Answers that are not on the wire yet.
    private var unwritten = 0

    init(pace: PaceHandler, crossOrigin: CrossOrigin) {
        self.pace = pace
        self.crossOrigin = crossOrigin
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        let bodyBytes = if case .body(let bytes) = part { bytes.readableBytes } else { 0 }
        pace.madePart(bodyBytes: bodyBytes)
        // There may be more in bytes that the parser had already.
        guard !pace.isDeaf else { return }
        switch part {
        case .head(let head): begin(head, context)
        case .body(let bytes):
            incoming?.take(bytes.readableBytes)
            context.fireChannelRead(data)
        case .end:
            incoming = nil
            // What follows is no request, and no parser need keep it.
            if !takesRequests { pace.isDeaf = true }
            pace.enter(due > 0 ? .answer : afterAnswers)
            context.fireChannelRead(data)
        }
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        // Those that are due are answered, with the word that the others were not (RFC 9112, section 9.3.2).
        guard takesRequests, due < ConnectionLimits.pipelined else {
            (pace.isDeaf, takesRequests) = (true, false)
            return
        }
        if let refusal = RequestHeadRules.refusal(of: head) {
            refusesHead = head.method == .HEAD
            return refuse(refusal.readable(from: head, crossOrigin), context)
        }
        takesRequests = RequestHeadRules.persists(head)
        incoming = IncomingRequest(head)
        due += 1
        pace.enter(.unreadBody)
        context.fireChannelRead(wrapInboundOut(.head(head)))
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
        case PaceHandler.Fault.largeHead:
            if incoming != nil {
                failBody(.refused(.largeHead), context)
            } else if takesRequests {
                refuse(.largeHead, context)
            }
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
        (pace.isDeaf, takesRequests) = (true, false)
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
        (pace.isDeaf, takesRequests) = (true, false)
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
                pace.enter(incoming == nil ? afterAnswers : .body)
            }
        }
    }

    /// What is waited for when none is due.
    private var afterAnswers: PaceHandler.Phase { unwritten == 0 ? .idle : .delivery }

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
        written.futureResult.assumeIsolated().whenComplete { result in
            self.unwritten -= 1
            // When one fails, the connection has ended.
            if case .success = result, self.unwritten == 0 { self.delivered(context) }
        }
        context.writeAndFlush(wrapOutboundOut(.end(trailers)), promise: written)
    }

    // MARK: The end

    /// Takes nothing any more. Our side is closed once all answers are out, and the client has a while then to end its own.
    private func end(_ context: ChannelHandlerContext) {
        guard !hasEnded else { return }
        (hasEnded, takesRequests) = (true, false)
        pace.enter(.end)
        context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        if unwritten == 0 { delivered(context) } else if isHurried { pace.linger() }
    }

    private func delivered(_ context: ChannelHandlerContext) {
        pace.delivered()
        guard hasEnded else { return }
        context.close(mode: inputHasEnded ? .all : .output, promise: nil)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch mode {
        case .input:
            // So ends the framework a connection when its time to stop in order is over.
            isHurried = true
            pace.linger()
            context.close(mode: mode, promise: promise)
        case .output:
            end(context)
            promise?.succeed()
        case .all:
            end(context)
            context.channel.closeFuture.cascade(to: promise)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            takesRequests = false
            guard due == 0, !hasEnded else { return }
            if incoming == nil, unwritten == 0 { context.close(promise: nil) } else { end(context) }
        case ChannelEvent.inputClosed:
            inputHasEnded = true
            failBody(.endedEarly, context)
            guard hasEnded else { return context.fireUserInboundEventTriggered(event) }
            if unwritten == 0 { context.close(promise: nil) }
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        failBody(.endedEarly, context)
        context.fireChannelInactive()
    }
}
