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
    private let promises: [Promise]
    private let recording: Recording

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

    /// Checks states; ends early when so much is lost that more of it would say nothing new.
    ///
    /// - Parameters:
    ///   - seed: of the choice of the states.
    ///   - losses: how many end it.
    ///   - isLeftOut: events that are taken for never having happened.
    ///   - events: those after one of which to cut; all unless given.
    package func check(
        states: Int, seed: UInt64, losses limit: Int = 20,
        without isLeftOut: (Recording.Event) -> Bool = { _ in false },
        within events: Range<Int>? = nil
    ) async throws -> Result {
        let server = try ServerProcess(
            folder: bed.folder, businessServers: TestBed.businessServers(bed.receiver))
        let check = CrashCheck(server: server, receiver: bed.receiver, facts: facts, promises: promises)
        var cuts = PowerCuts(
            of: recording.without(isLeftOut), root: bed.folder, total: states, promises: promises.map(\.given),
            within: events, seed: seed)
        while check.tally.losses.count < limit, let state = try cuts.nextState() {
            let before = check.tally.losses.count
            try await check.check(state)
            if check.tally.losses.count > before { try keep(state, as: "lost-\(cuts.count)") }
        }
        return Result(
            states: cuts.count, cuts: cuts.cutsUsed.count, events: recording.entries.count, tally: check.tally)
    }

    /// Keeps a state as it was before a server touched it.
    private func keep(_ state: CrashState, as name: String) throws {
        let folder = bed.folder + "/" + name
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try state.image.write(to: folder)
    }
}
