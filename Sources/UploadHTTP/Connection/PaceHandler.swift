import NIOCore

/// Holds a connection to its pace: time limits for heads, bodies, answers and idleness, the size of heads, and the end.
///
/// Sits between the transport (or TLS) and the parser and sees bytes. What they mean, ``ExchangeHandler`` tells it;
/// limits that want an answer are reported as a ``Fault`` down the pipeline, the others end the connection here.
final class PaceHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// A limit that was not kept.
    enum Fault: Error {
        case slowHead, largeHead, slowBody
    }

    /// What the connection waits for.
    enum Phase {
        /// The rest of a head, or the first one.
        case head
        /// The next request.
        case idle
        /// A body that nobody reads yet.
        case unreadBody
        /// A body that is being read.
        case body
        /// Our own answer.
        case answer
        /// The client's end; what it still sends is thrown away.
        case end
    }

    private let limits: ConnectionLimits
    private var context: ChannelHandlerContext?
    private var deadline: Deadline?
    private var phase = Phase.head
    /// Counts the phases, to see whether bytes led to another one.
    private var turns = 0
    private var headDue = NIODeadline.now()
    private var headBytes = 0
    private var idleDue = NIODeadline.now()
    private var rate: RateWindow
    private var isReading = false
    /// Since when bytes of a body are waited for.
    private var waitingSince: NIODeadline?
    private var stalledDue: NIODeadline?
    private var endDue = NIODeadline.now()
    private var thrownAway = 0

    init(limits: ConnectionLimits) {
        self.limits = limits
        rate = RateWindow(required: limits.bytesInWindow, window: limits.window)
    }

    /// Whether the head that is coming begins as a method does, as far as that is known.
    private(set) var headLooksLikeMethod = false

    /// Tells what the connection waits for now.
    func enter(_ phase: Phase) {
        guard self.phase != .end, let context else { return }
        turns += 1
        self.phase = phase
        waitingSince = nil
        switch phase {
        case .head, .answer: break
        case .idle:
            headBytes = 0
            idleDue = .now() + ConnectionLimits.idleTimeout
        case .unreadBody: rate.reset()
        case .body: if isReading { waitingSince = .now() }
        case .end:
            endDue = .now() + ConnectionLimits.lingering
            context.read()
        }
        arm()
    }

    private func arm() {
        guard let context else { return }
        let due: NIODeadline? =
            if phase == .end {
                endDue
            } else if let stalledDue {
                stalledDue
            } else {
                switch phase {
                case .head: headDue
                case .idle: idleDue
                case .body: .now() + rate.untilSlotEnds
                case .unreadBody, .answer, .end: nil
                }
            }
        if deadline == nil { deadline = Deadline(on: context.eventLoop) { [weak self] in self?.timeIsUp() } }
        deadline?.set(due)
    }

    private func timeIsUp() {
        guard let context else { return }
        guard phase != .end, stalledDue == nil else { return context.close(promise: nil) }
        switch phase {
        case .head: context.fireErrorCaught(Fault.slowHead)
        case .idle: context.close(promise: nil)
        case .body:
            countWaiting()
            if isReading { waitingSince = .now() }
            if rate.isKept() { arm() } else { context.fireErrorCaught(Fault.slowBody) }
        case .unreadBody, .answer, .end: break
        }
    }

    private func countWaiting() {
        guard let since = waitingSince else { return }
        rate.wait(.now() - since)
        waitingSince = nil
    }
}

// MARK: The pipeline

extension PaceHandler {
    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { begin() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        begin()
        context.fireChannelActive()
    }

    private func begin() {
        headDue = .now() + TimeAmount(limits.headerTimeout)
        arm()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        switch phase {
        case .end:
            thrownAway += buffer.readableBytes
            return
        case .body:
            countWaiting()
            rate.add(buffer.readableBytes)
        case .head, .idle:
            if headBytes == 0 {
                headLooksLikeMethod =
                    buffer.getInteger(at: buffer.readerIndex, as: UInt8.self)
                    .map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) } ?? false
            }
        case .unreadBody, .answer: break
        }
        let turn = turns
        context.fireChannelRead(data)
        if turn == turns { checkHead(context, adding: buffer.readableBytes) }
    }

    /// Bytes which completed nothing belong to a head that is yet to be completed.
    private func checkHead(_ context: ChannelHandlerContext, adding count: Int) {
        guard phase == .head || phase == .idle else { return }
        headBytes += count
        if phase == .idle {
            headDue = .now() + TimeAmount(limits.headerTimeout)
            enter(.head)
        }
        if headBytes > ConnectionLimits.headSize + ConnectionLimits.headSlack {
            context.fireErrorCaught(Fault.largeHead)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        context.fireChannelReadComplete()
        // Those behind us may have stopped asking.
        if phase == .end { read(context: context) }
    }

    func read(context: ChannelHandlerContext) {
        guard phase != .end || thrownAway < ConnectionLimits.lingeringBytes else { return }
        isReading = true
        if phase == .body, waitingSince == nil { waitingSince = .now() }
        context.read()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stalledDue = context.channel.isWritable ? nil : .now() + limits.window
        arm()
        context.fireChannelWritabilityChanged()
    }
}
