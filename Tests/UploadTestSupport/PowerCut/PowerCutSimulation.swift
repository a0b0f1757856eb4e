import Foundation

/// Cuts a recorded run off at many moments and has a new server open what is left.
package struct PowerCutSimulation {
    /// What was seen.
    package struct Result: Sendable {
        /// States that were opened, all different.
        package var states: Int
        /// Moments at which they were cut.
        package var cuts: Int
        /// Events of the recording.
        package var events: Int
        /// What was checked, and what was lost.
        package var tally: CrashCheck.Tally
    }

    private let bed: TestBed
    private let facts: [Int64: RecordedRun.Facts]
    private let recording: Recording
    /// What the run promised, in the order in which it was told.
    package let promises: [Promise]

    /// Of a run on this bed that is over.
    package init(_ bed: TestBed, _ run: RecordedRun, _ recording: Recording) throws {
        (self.bed, self.recording, facts) = (bed, recording, run.facts)
        promises = try run.promises(in: recording)
    }

    /// What is on the disk when everything arrives, for a comparison with what is.
    package func lastImage() throws -> DiskImage {
        var disk = SimulatedDisk(root: bed.folder)
        for entry in recording.entries { try disk.apply(entry.event) }
        var random = SeededGenerator(seed: 0)
        return disk.crash(.all, &random)
    }

    /// Checks states of every kind; ends early when so much is lost that more of it would say nothing new.
    ///
    /// - Parameters:
    ///   - seed: of the choice of the states.
    ///   - events: those after one of which to cut; all unless given.
    package func check(states: Int, seed: UInt64, within events: Range<Int>? = nil) async throws -> Result {
        let check = try makeCheck()
        var cuts = PowerCuts(
            of: recording, root: bed.folder, total: states, promises: promises.map(\.given), within: events, seed: seed)
        while check.tally.losses.count < 20, let state = try cuts.nextState() {
            let before = check.tally.losses.count
            try await check.check(state)
            if check.tally.losses.count > before { try keep(state, as: "lost-\(cuts.count)") }
        }
        return Result(
            states: cuts.count, cuts: cuts.cutsUsed.count, events: recording.entries.count, tally: check.tally)
    }

    /// Checks the worst that can have become of some moments: nothing has arrived that was not certain. Ends at the first
    /// loss, in the last of the states then.
    ///
    /// - Parameters:
    ///   - events: ascending; right after each of them is a cut.
    ///   - isLeftOut: events that are taken for never having happened.
    package func checkWorst(
        after events: some Sequence<Int>, without isLeftOut: (Recording.Event) -> Bool = { _ in false }
    ) async throws -> Result {
        let entries = recording.without(isLeftOut).entries
        let check = try makeCheck()
        var (disk, random) = (SimulatedDisk(root: bed.folder), SeededGenerator(seed: 0))
        var states = 0
        for event in events where check.tally.losses.isEmpty {
            while disk.count <= event { try disk.apply(entries[disk.count].event) }
            states += 1
            try await check.check(
                CrashState(
                    cut: disk.count, fate: .none, image: disk.crash(.none, &random),
                    lastEvent: entries[event].event.description))
        }
        return Result(states: states, cuts: states, events: entries.count, tally: check.tally)
    }

    /// With a server without the recorder, on the folder that was recorded.
    private func makeCheck() throws -> CrashCheck {
        let server = try ServerProcess(
            folder: bed.folder, businessServers: TestBed.businessServers(bed.receiver))
        return CrashCheck(server: server, receiver: bed.receiver, facts: facts, promises: promises)
    }

    /// Keeps a state as it was before a server touched it.
    private func keep(_ state: CrashState, as name: String) throws {
        let folder = bed.folder + "/" + name
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try state.image.write(to: folder)
    }
}
