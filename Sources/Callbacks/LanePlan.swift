import UploadCore

/// Decides what the dispatcher does next: a lane for each business server, each with its own width.
///
/// A pure value that is told what happened and asked for the next step.
struct LanePlan {
    /// What to do next.
    enum Step: Equatable {
        /// Ask the outbox which business servers have rows, and when the earliest is due.
        case survey
        /// Claim at most so many rows of a business server.
        case claim(String, limit: Int)
        /// Wait until something happens, at most so long.
        case wait(atMost: Duration)
        /// Wait until an attempt ends.
        case drain
        /// All is done.
        case finish
    }

    private struct Lane {
        var running = 0
        /// When its earliest row is due; `nil` when none is known of.
        var dueAt: Timestamp?
        /// Nothing has been claimed since the outbox said when the earliest is due.
        var isFresh = false
    }

    /// The longest time without a look at the outbox: the wall clock jumps, and an operator may put rows back.
    static let longestWait = Duration.seconds(30)

    private let width: Int
    private var lanes: [String: Lane] = [:]
    private var lastServed = ""
    private var needsSurvey = true
    private var isStopping = false

    /// - Parameter width: how many rows of one business server are claimed at once, at least 1.
    init(width: Int) {
        self.width = width
    }

    /// How many rows are claimed.
    var running: Int { lanes.values.reduce(0) { $0 + $1.running } }

    func next(now: Timestamp) -> Step {
        if isStopping { return running == 0 ? .finish : .drain }
        if needsSurvey { return .survey }
        // Rows of a lane that is full wait for one of its claims to be settled, not for a time.
        let open = lanes.filter { $0.value.running < width && $0.value.dueAt != nil }
        let due = open.filter { $0.value.dueAt.map { $0 <= now } ?? false }.keys.sorted()
        if let name = due.first(where: { $0 > lastServed }) ?? due.first {
            return .claim(name, limit: width - (lanes[name]?.running ?? 0))
        }
        let wait = open.values.compactMap(\.dueAt).min().map { $0.since(now) } ?? Self.longestWait
        return .wait(atMost: min(wait, Self.longestWait))
    }

    mutating func surveyed(_ destinations: [PendingDestination]) {
        needsSurvey = false
        lanes = lanes.filter { $0.value.running > 0 }.mapValues { Lane(running: $0.running) }
        for destination in destinations {
            lanes[destination.businessServer, default: Lane()].dueAt = destination.dueAt
            lanes[destination.businessServer, default: Lane()].isFresh = true
        }
    }

    /// - Parameter limit: how many were asked for.
    mutating func claimed(_ count: Int, of limit: Int, for name: String) {
        var lane = lanes[name] ?? Lane()
        lane.running += count
        if count < limit {
            lane.dueAt = nil
            // A survey that found a row due and a claim that found none would go round and round.
            if count > 0 || !lane.isFresh { needsSurvey = true }
        }
        lane.isFresh = false
        lanes[name] = lane
        lastServed = name
    }

    /// An attempt ended.
    ///
    /// - Parameter dueAt: when the row is due again, if it is.
    mutating func settled(_ name: String, dueAt: Timestamp?) {
        guard var lane = lanes[name] else { return }
        lane.running -= 1
        if let dueAt { lane.dueAt = min(lane.dueAt ?? dueAt, dueAt) }
        lanes[name] = lane
    }

    /// Rows may have come or changed.
    mutating func lookAgain() {
        needsSurvey = true
    }

    mutating func stop() {
        isStopping = true
    }
}
