/// What went on in a stretch of time: a point in the console's charts.
public struct TrafficSample: Sendable, Equatable {
    /// The end of the stretch.
    public var at: Timestamp
    /// How long it was.
    public var seconds: Double
    /// Bytes that became durable in it.
    public var bytes: Int64
    /// Blocks that did.
    public var blocks: Int64
    /// Block requests that were answered in it, whatever the answer.
    public var requests: Int64
    /// How long they took, added up.
    public var requestSeconds: Double
    /// Open tasks at its end.
    public var openTasks: Int
    /// Callbacks that waited then.
    public var waitingCallbacks: Int
    /// Callbacks that had been given up by then.
    public var deadCallbacks: Int

    /// Memberwise.
    public init(
        at: Timestamp, seconds: Double, bytes: Int64, blocks: Int64, requests: Int64, requestSeconds: Double,
        openTasks: Int, waitingCallbacks: Int, deadCallbacks: Int
    ) {
        self.at = at
        self.seconds = seconds
        self.bytes = bytes
        self.blocks = blocks
        self.requests = requests
        self.requestSeconds = requestSeconds
        self.openTasks = openTasks
        self.waitingCallbacks = waitingCallbacks
        self.deadCallbacks = deadCallbacks
    }

    /// Both stretches as one; what is counted at an end is the later one's.
    public func joined(with later: TrafficSample) -> TrafficSample {
        var joined = later
        joined.seconds += seconds
        joined.bytes += bytes
        joined.blocks += blocks
        joined.requests += requests
        joined.requestSeconds += requestSeconds
        return joined
    }
}

extension [TrafficSample] {
    /// The same stretches of time in at most `count` points, neighbours joined.
    public func thinned(to count: Int) -> [TrafficSample] {
        guard count > 0, self.count > count else { return self }
        let group = (self.count + count - 1) / count
        return stride(from: 0, to: self.count, by: group).compactMap { start in
            let members = self[start..<Swift.min(start + group, self.count)]
            return members.dropFirst().reduce(members.first) { $0?.joined(with: $1) }
        }
    }
}
