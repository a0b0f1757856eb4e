import NIOCore

/// Holds a connection to its pace: time limits for heads, bodies, answers and idleness, what the parser may keep, and the
/// end.
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

    /// Somebody waits for a place, and this connection is the next to give up its own.
    struct PlaceWanted: Sendable {}

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
        /// The client, to take its answers.
        case delivery
        /// The same after the last one, and then the client's end. What it still sends is thrown away.
        case end

        var isOfBody: Bool {
            switch self {
            case .unreadBody, .body: true
            case .head, .idle, .answer, .delivery, .end: false
            }
        }
    }

    private let limits: ConnectionLimits
    private let admissions: Admissions
    private let bodies: BodyCount
    private var context: ChannelHandlerContext?
    private var deadline: Deadline?
    private var phase = Phase.head {
        didSet {
            guard phase.isOfBody != oldValue.isOfBody else { return }
            if phase.isOfBody { bodies.enter() } else { bodies.leave() }
        }
    }
    private var headDue = NIODeadline.now()
    private var idleSince = NIODeadline.now()
    /// The number among those that give way to a newcomer.
    private var placeInLine: Int?
    /// Bytes since the parser last made a part of them.
    private var unparsed = 0
    private var hasMadePart = false
    /// Whether some of these may be of a head: not line ends, which may come before one (RFC 9112, section 2.2).
    private var headHasBegun = false
    private var rate: RateWindow
    private var isReading = false
    /// Since when bytes of a body are waited for.
    private var waitingSince: NIODeadline?
    private var delivery: DeliveryWatch
    /// `nil` while answers are to be taken.
    private var endDue: NIODeadline?
    private var thrownAway = 0

    init(limits: ConnectionLimits, admissions: Admissions, bodies: BodyCount) {
        self.limits = limits
        self.admissions = admissions
        self.bodies = bodies
        rate = RateWindow(required: limits.bytesInWindow, window: limits.window)
        delivery = DeliveryWatch(required: limits.bytesInDeliveryWindow, window: limits.deliveryWindow)
    }

    /// Whether the head that is coming begins as a method does, as far as that is known.
    private(set) var headLooksLikeMethod = false

    /// Whether everything that still comes is thrown away, before the parser.
    var isDeaf = false

    /// Tells what the connection waits for now.
    func enter(_ phase: Phase) {
        guard self.phase != .end, let context else { return }
        self.phase = phase
        waitingSince = nil
        leaveLine()
        switch phase {
        case .head: headDue = .now() + TimeAmount(limits.headerTimeout)
        case .idle:
            // It may have come already while something else was waited for.
            if headHasBegun { return enter(.head) }
            idleSince = .now()
        case .unreadBody: rate.reset()
        case .body: if isReading { waitingSince = .now() }
        case .answer, .delivery: break
        case .end:
            isDeaf = true
            context.read()
        }
        watchDelivery(context)
    }

    /// The parser made something of the bytes that came last.
    ///
    /// - Parameter bodyBytes: how much of a body it is. What frames a body does not count for its rate.
    func madePart(bodyBytes: Int) {
        hasMadePart = true
        headHasBegun = false
        unparsed = 0
        if phase == .body { rate.add(bodyBytes) }
    }

    /// The client has taken all answers that there were.
    func delivered() {
        switch phase {
        case .delivery: enter(.idle)
        case .end: linger()
        case .head, .idle, .unreadBody, .body, .answer: break
        }
    }

    /// Waits for answers no longer, and for the client's end a little.
    func linger() {
        guard phase == .end, endDue == nil, let context else { return }
        endDue = .now() + ConnectionLimits.lingering
        watchDelivery(context)
    }

    private func watchDelivery(_ context: ChannelHandlerContext) {
        let isDelivering = !context.channel.isWritable || phase == .delivery || phase == .end
        if isDelivering, endDue == nil { delivery.begin(unsent: unsent(context)) } else { delivery.end() }
        arm(context)
    }

    private func unsent(_ context: ChannelHandlerContext) -> Int {
        // It fails when the connection has ended, and no time counts then.
        (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    private func leaveLine() {
        if let placeInLine { admissions.leaveLine(placeInLine) }
        placeInLine = nil
    }
}

// MARK: Time

extension PaceHandler {
    private func arm(_ context: ChannelHandlerContext) {
        let due: NIODeadline? =
            if let time = endDue ?? delivery.due {
                time
            } else {
                switch phase {
                case .head: headDue
                case .idle:
                    idleSince + (placeInLine == nil ? ConnectionLimits.idleGrace : ConnectionLimits.idleTimeout)
                case .body: .now() + rate.untilSlotEnds
                case .unreadBody, .answer, .delivery, .end: nil
                }
            }
        if deadline == nil { deadline = Deadline(on: context.eventLoop) { [weak self] in self?.timeIsUp() } }
        deadline?.set(due)
    }

    private func timeIsUp() {
        guard let context else { return }
        guard endDue == nil else { return context.close(promise: nil) }
        guard delivery.due == nil else {
            guard delivery.isKept(unsent: unsent(context)) else { return context.close(promise: nil) }
            return arm(context)
        }
        switch phase {
        case .head:
            // Clients keep spare connections. A request that is on its way by now must not take a 408 for its answer.
            guard headHasBegun else { return giveUp(context) }
            context.fireErrorCaught(Fault.slowHead)
        case .idle:
            guard placeInLine == nil else { return giveUp(context) }
            placeInLine = admissions.lineUp(context.channel)
            arm(context)
        case .body:
            countWaiting()
            if isReading { waitingSince = .now() }
            if rate.isKept() { arm(context) } else { context.fireErrorCaught(Fault.slowBody) }
        case .unreadBody, .answer, .delivery, .end: break
        }
    }

    /// Ends a connection on which nothing is under way. With TLS that takes a while, and what came until then would be done
    /// and not answered.
    private func giveUp(_ context: ChannelHandlerContext) {
        isDeaf = true
        leaveLine()
        context.close(promise: nil)
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
        if context.channel.isActive { enter(.head) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
        leaveLine()
        phase = .end
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        enter(.head)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        guard !isDeaf else {
            thrownAway += buffer.readableBytes
            return
        }
        switch phase {
        case .body: countWaiting()
        case .head, .idle, .delivery:
            if !headHasBegun {
                headLooksLikeMethod =
                    buffer.getInteger(at: buffer.readerIndex, as: UInt8.self)
                    .map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) } ?? false
            }
        case .unreadBody, .answer, .end: break
        }
        hasMadePart = false
        context.fireChannelRead(data)
        if !hasMadePart, !isDeaf { keep(buffer, context) }
    }

    /// Bytes which completed nothing: the parser has them, whatever is to become of them.
    private func keep(_ buffer: ByteBuffer, _ context: ChannelHandlerContext) {
        unparsed += buffer.readableBytes
        if !headHasBegun {
            headHasBegun = buffer.readableBytesView.contains { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
        }
        if phase == .idle, headHasBegun { enter(.head) }
        guard unparsed > ConnectionLimits.unparsed else { return }
        isDeaf = true
        context.fireErrorCaught(Fault.largeHead)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        context.fireChannelReadComplete()
        // Those behind us may have stopped asking.
        if phase == .end { read(context: context) }
    }

    func read(context: ChannelHandlerContext) {
        guard !isDeaf || thrownAway < ConnectionLimits.lingeringBytes else { return }
        isReading = true
        if phase == .body, waitingSince == nil { waitingSince = .now() }
        context.read()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        watchDelivery(context)
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is PlaceWanted else { return context.fireUserInboundEventTriggered(event) }
        // Not if a request has come meanwhile.
        if placeInLine != nil { giveUp(context) }
    }
}
