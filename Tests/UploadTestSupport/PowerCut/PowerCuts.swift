/// What the disk may look like after a power cut at one moment.
package struct CrashState: Sendable {
    /// Events before the cut.
    package var cut: Int
    /// What became of the rest.
    package var fate: Fate
    /// The disk.
    package var image: DiskImage
    /// The last event before the cut.
    package var lastEvent: String
}

/// Crash states of a recording, all of them different, in the order of their cuts.
package struct PowerCuts {
    private let recording: Recording
    private let root: String
    private let total: Int
    /// Events at which a promise was given: states before and after are not the same, even where the disk is.
    private let promises: [Int]
    private let events: Range<Int>
    private var random: SeededGenerator
    private var cuts: [Int]
    private var next = 0
    private var disk: SimulatedDisk
    private var fates: [Fate] = []
    private var seen: Set<[Int]> = []
    private var rounds = 1
    /// States given before this round.
    private var base = 0
    /// Cuts that states were made at.
    package private(set) var cutsUsed: Set<Int> = []
    /// States given so far.
    package private(set) var count = 0

    /// - Parameters:
    ///   - root: the folder that was recorded.
    ///   - total: how many states.
    ///   - promises: indexes of events at which a promise was given.
    ///   - events: indexes of those after one of which to cut; all unless given.
    package init(
        of recording: Recording, root: String, total: Int, promises: [Int], within events: Range<Int>? = nil,
        seed: UInt64
    ) {
        (self.recording, self.root, self.total, self.promises) = (recording, root, total, promises)
        self.events = events ?? recording.entries.indices
        random = SeededGenerator(seed: seed)
        disk = SimulatedDisk(root: root)
        cuts = Self.choose(total / 3 + 1, of: recording, within: self.events, &random)
    }

    /// The next state; `nil` after the last.
    package mutating func nextState() throws -> CrashState? {
        while count < total {
            // The states are spread over the cuts: no cut may use up more than has come together for it.
            while next < cuts.count, fates.isEmpty || (count - base) * cuts.count >= (total - base) * next {
                try advance(to: cuts[next])
                next += 1
                fates = Fate.allCases.shuffled(using: &random) + [.anySubset, .byFile, .anySubset, .byFile]
            }
            guard let fate = fates.popLast() else {
                // Some cuts had fewer states than were hoped for.
                guard rounds < 10 else { return nil }
                rounds += 1
                base = count
                disk = SimulatedDisk(root: root)
                cuts = Self.choose((total - count) / 2 + 1, of: recording, within: events, &random)
                next = 0
                continue
            }
            let image = disk.crash(fate, &random)
            guard seen.insert([image.fingerprint, promises.count { $0 < disk.count }]).inserted else { continue }
            count += 1
            cutsUsed.insert(disk.count)
            return CrashState(
                cut: disk.count, fate: fate, image: image,
                lastEvent: disk.count > 0 ? recording.entries[disk.count - 1].event.description : "")
        }
        return nil
    }

    private mutating func advance(to cut: Int) throws {
        while disk.count < cut { try disk.apply(recording.entries[disk.count].event) }
    }

    /// Right after an answer is where most can go wrong, then come syncs and names, then what lies between two writes.
    private static func choose(
        _ count: Int, of recording: Recording, within events: Range<Int>, _ random: inout SeededGenerator
    ) -> [Int] {
        let keys = events.map { index in
            // Efraimidis and Spirakis, "Weighted random sampling with a reservoir": the largest u^(1/w) win.
            let dice = Double.random(in: 0..<1, using: &random)
            switch recording.entries[index].event {
            case .sent: return (cut: index + 1, key: dice.squareRoot().squareRoot().squareRoot())
            case .wrote: return (cut: index + 1, key: dice)
            default: return (cut: index + 1, key: dice.squareRoot().squareRoot())
            }
        }
        return keys.sorted { $0.key > $1.key }.prefix(count).map(\.cut).sorted()
    }
}
