import NIOCore

/// What one connection may cost.
public struct ConnectionLimits: Sendable {
    /// Connections at once; one beyond them is answered 503 and closed.
    public var maxConnections: Int
    /// How long a request's head may take: the first one from the connection's beginning, a later one from its first
    /// byte.
    public var headerTimeout: Duration
    /// Bytes a second that a body must come with while it is waited for; 0 sets no limit.
    public var minRate: Int
    /// The window that ``minRate`` is measured over.
    public var minRateWindow: Duration

    /// Memberwise.
    public init(maxConnections: Int, headerTimeout: Duration, minRate: Int, minRateWindow: Duration) {
        self.maxConnections = maxConnections
        self.headerTimeout = headerTimeout
        self.minRate = minRate
        self.minRateWindow = minRateWindow
    }

    /// A connection on which nothing comes for this long between two requests is closed.
    ///
    /// Longer than usual clients and proxies keep one in their pools (Go 90 seconds, Caddy 2 minutes): who reuses it must
    /// not meet its end.
    static let idleTimeout = TimeAmount.seconds(150)

    /// One that has been idle this long gives its place to a newcomer when all are taken. Those that upload are not: a
    /// moment lies between two blocks.
    static let idleGrace = TimeAmount.seconds(5)

    /// Places that are given away before those who had them are gone.
    static let overbooked = 64

    /// Requests of one connection that may wait for their answers.
    static let pipelined = 16

    /// Request line and fields of a head together, in bytes.
    static let headSize = 16 << 10

    /// Fields of a head.
    static let headFields = 100

    /// What the parser doesn't count: line ends, colons, white space.
    static let headSlack = 1 << 10

    /// Bytes in a row of which the parser makes nothing. It keeps them, and counts no white space.
    static let unparsed = headSize + headSlack

    /// Bytes of an answer that the kernel takes beyond what is on its way.
    ///
    /// With the megabytes that it takes otherwise, nobody could tell whether the client takes any.
    static let unsent = 64 << 10

    /// What it takes at a time, once it has room again: 100 KB were seen, and 150 now and then.
    private static let step = 4 * unsent

    /// The rest of a refused body that is still read, in bytes, so that the connection can be used again.
    static let drainedRest = 64 << 10

    /// How long what still arrives is thrown away after the last answer is out.
    ///
    /// Closing a socket that has unread bytes sends RST, and that may destroy the answer before the client has read it
    /// (RFC 9112, section 9.6).
    static let lingering = TimeAmount.seconds(2)

    /// How much of it is: a block of usual size comes to its end, ten gigabytes don't.
    static let lingeringBytes = 16 << 20

    /// Refused connections that are told so at once; beyond them the door is shut without a word.
    static let refusals = 64

    /// How long a refused connection lives at the most.
    static let refusalLingering = TimeAmount.seconds(1)

    /// The same where a handshake comes before the answer.
    static let encryptedRefusalLingering = TimeAmount.seconds(3)

    /// A body without a minimum rate of which nothing comes for this long is given up.
    private static let bodyTimeout = TimeAmount.seconds(300)

    /// Bytes that have to come within ``window``.
    var bytesInWindow: Int {
        guard minRate > 0 else { return 1 }
        let seconds = Double(window.nanoseconds) / 1e9
        return max(1, Int(min(Double(minRate) * seconds, Double(Int32.max))))
    }

    /// The window of bodies.
    var window: TimeAmount {
        minRate > 0 ? TimeAmount(minRateWindow) : Self.bodyTimeout
    }

    /// The window of answers, which have to be taken at the same rate. The kernel tells of it in steps, so it is long enough
    /// for who keeps the rate to get there.
    var deliveryWindow: TimeAmount {
        guard minRate > 0 else { return Self.bodyTimeout }
        return max(window, .nanoseconds(Int64(Double(Self.step) / Double(minRate) * 1e9)))
    }

    /// Bytes that have to be taken within ``deliveryWindow``, less a step that is yet to be told of.
    var bytesInDeliveryWindow: Int {
        let bytes = Double(minRate) * Double(deliveryWindow.nanoseconds) / 1e9
        return max(1, Int(min(bytes, Double(Int32.max))) - Self.step)
    }
}
