import NIOCore

/// What a handler may tell the connection that its request came on.
struct ClientConnection: Sendable {
    private let channel: any Channel

    init(_ channel: any Channel) {
        self.channel = channel
    }

    /// The body is read from now on: a client that asked may send it, and has to keep the minimum rate.
    func wantBody() {
        channel.triggerUserOutboundEvent(ExchangeHandler.BodyWanted(), promise: nil)
    }
}
