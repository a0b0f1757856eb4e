import Synchronization

/// What a soak has seen, to be held against what there is at its end.
public final class SoakLedger: Sendable {
    /// A task that a registration was answered with.
    struct Entry: Sendable {
        var behaviour: SoakBehaviour
        /// Below the store.
        var place: String
        var md5: String
        var size: Int
        /// JSON text.
        var feedback: String
        /// What its callback may say.
        var outcomes: Set<String>
    }

    /// The callbacks that came for a task.
    struct Delivered: Sendable {
        var count = 0
        var webhookIDs: Set<String?> = []
        var bodies: Set<[UInt8]> = []
        var retCodes: Set<String?> = []
        var last: RecordingReceiver.Recorded?
    }

    /// What is counted.
    enum Count: String, Sendable, CaseIterable {
        case kills = "kills"
        case stops = "stops by SIGTERM"
        case failedStarts = "starts that failed in a disk spell"
        case jumps = "clock jumps"
        case spells = "disk spells"
        case failedCalls = "calls that failed in them"
        case outages = "receiver outages"
        case late = "uploads that were too slow for their timeout"
        case refusals = "answers 3 and 20"
        case busy = "answers 11"
        case strangers = "strangers"

        /// Without one of these a soak has not shown what it is for.
        static let required: [Count] = [.kills, .jumps, .spells, .failedCalls, .outages]
    }

    private struct State {
        var entries: [Int64: Entry] = [:]
        var delivered: [Int64: Delivered] = [:]
        var counts: [Count: Int] = [:]
        var complaints: [String] = []
        var peak: (descriptors: Int, resident: Int) = (0, 0)
        var newest: Int64 = 1
    }

    private let state = Mutex(State())

    init() {}

    /// Everything that was not as it has to be.
    public var complaints: [String] { state.withLock { $0.complaints } }

    var entries: [Int64: Entry] { state.withLock { $0.entries } }
    var delivered: [Int64: Delivered] { state.withLock { $0.delivered } }
    var callbacks: Int { state.withLock { $0.delivered.values.reduce(0) { $0 + $1.count } } }
    /// The most that a server had open and in memory.
    var peak: (descriptors: Int, resident: Int) { state.withLock { $0.peak } }
    /// The task that was registered last.
    var newest: Int64 { state.withLock { $0.newest } }

    func complain(_ what: String) {
        state.withLock { $0.complaints.append(what) }
    }

    func count(_ count: Count, _ number: Int = 1) {
        state.withLock { $0.counts[count, default: 0] += number }
    }

    func number(of count: Count) -> Int { state.withLock { $0.counts[count] ?? 0 } }

    func enter(_ id: Int64, _ entry: Entry) {
        state.withLock { state in
            if state.entries[id] == nil { state.entries[id] = entry }
            state.newest = id
        }
    }

    /// From now on it is known how the task has to end.
    func expect(_ outcomes: Set<String>, of id: Int64) {
        state.withLock { $0.entries[id]?.outcomes = outcomes }
    }

    func take(_ callback: RecordingReceiver.Recorded) {
        guard let id = callback.taskID else { return complain("a callback without a task: \(callback.text)") }
        state.withLock { state in
            var delivered = state.delivered[id] ?? Delivered()
            delivered.count += 1
            delivered.webhookIDs.insert(callback.webhookID)
            delivered.bodies.insert(callback.body)
            delivered.retCodes.insert(callback.retCode)
            delivered.last = callback
            state.delivered[id] = delivered
        }
    }

    func sample(_ use: ProcessUse) {
        state.withLock { state in
            state.peak = (max(state.peak.descriptors, use.count), max(state.peak.resident, use.resident))
        }
    }
}
