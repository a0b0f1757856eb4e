import Foundation
import Testing
import UploadTestSupport

/// Acknowledged means on disk: a recorded run is cut off at many moments, each time with another part of what was not
/// synced, and a new server must find all that the old one had promised. `SimulatedDisk` says what a disk may forget.
@Suite(.contract, .serialized)
struct PowerCutTests {
    @Test func nothingAcknowledgedIsLostInAPowerCut() async throws {
        let states = ProcessInfo.processInfo.environment["POWER_CUT_STATES"].flatMap { Int($0) } ?? 500
        // Two recordings side by side: a state is opened under the paths it was recorded with.
        let results = try await withThrowingTaskGroup(of: PowerCutSimulation.Result.self) { group in
            for half in [states / 2, states - states / 2] {
                group.addTask { try await checkStates(half, seed: 2026) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        func sum(_ count: (PowerCutSimulation.Result) -> Int) -> Int { results.reduce(0) { $0 + count($1) } }
        #expect(sum(\.states) == states)
        print(
            "power cut: \(sum(\.states)) states from \(sum(\.cuts)) cut points of \(sum(\.events)) events, "
                + "\(sum(\.tally.blocks)) acknowledged blocks and \(sum(\.tally.callbacks)) callbacks checked, "
                + "\(sum(\.tally.rows)) rows held against their bytes, \(sum(\.tally.completed)) uploads completed, "
                + "\(sum(\.tally.losses.count)) lost")
    }

    private func checkStates(_ states: Int, seed: UInt64) async throws -> PowerCutSimulation.Result {
        try await withRecording { recording, simulation, bed in
            let missed = try simulation.lastImage().differences(below: bed.folder)
            #expect(missed == [], "all changes were recorded")
            #expect(
                simulation.firstReuseOfTheLog(in: recording, bed.server) != nil,
                "rows were left to the database's own file while blocks came")
            for entry in recording.entries {
                if case .mapped(let path) = entry.event { #expect(path.hasSuffix("-shm"), "changes are calls") }
            }
            let result = try await simulation.check(states: states, seed: seed)
            for loss in result.tally.losses { Issue.record("\(loss)") }
            return result
        }
    }

    @Test func aFirstStartMayBeCutOff() async throws {
        try await withRecording(of: { try await $0.performStart() }) { _, simulation, _ in
            let result = try await simulation.check(states: 50, seed: 1)
            for loss in result.tally.losses { Issue.record("\(loss)") }
            #expect(result.states == 50)
        }
    }

    /// A killed server's last rows are read from the machine's memory like those that were synced.
    @Test func whatAKilledServerLeftIsSyncedBeforeAnybodyReliesOnIt() async throws {
        try await withRecording(of: { try await $0.performInterruptedCommit() }) { recording, simulation, _ in
            let events = (recording.entries.lastIndex { $0.event.isStart } ?? 0)..<recording.entries.count
            let result = try await simulation.check(states: 50, seed: 1, within: events)
            for loss in result.tally.losses { Issue.record("\(loss)") }
            let atStart = recording.syncsAtStart
            let without = try await simulation.checkWorst(
                after: simulation.promises.map(\.given).filter { events.contains($0) },
                without: { event in event.sync.map { atStart.contains($0) } == true })
            #expect(!without.tally.losses.isEmpty, "not in \(without.states) states")
        }
    }

    /// What each sync is there for. A server that leaves it out is found out.
    enum Sync: String, CaseIterable {
        case ofStagedBytes, ofStagingNames, ofTheLog, ofTheDatabase, ofTheDatabaseFolder, ofTheSecret
        case ofStoreFolders, ofCopies
    }

    /// Not by chance: right after something was told that rests on the sync, nothing has arrived that was not certain.
    @Test func aMissingSyncIsFound() async throws {
        try await withRecording { recording, simulation, bed in
            let reuse = try #require(simulation.firstReuseOfTheLog(in: recording, bed.server))
            for sync in Sync.allCases {
                // That the file is a database is certain by the first block. What is to be missed is a checkpoint.
                let isOfCheckpoints = sync == .ofTheDatabase
                let first = isOfCheckpoints ? simulation.firstBlock : 0
                let syncs = Set(
                    recording.entries.dropFirst(first).compactMap { entry -> Int? in
                        guard let path = entry.event.path, sync.isOf(path, in: bed.server) else { return nil }
                        return entry.event.sync
                    })
                let told = simulation.promises.filter { promise in
                    promise.given > (isOfCheckpoints ? reuse : 0) && sync.comesBefore(promise.content)
                }
                let cuts = told.prefix(100).map(\.given)
                let result = try await simulation.checkWorst(
                    after: cuts, without: { event in event.sync.map { syncs.contains($0) } == true })
                #expect(!result.tally.losses.isEmpty, "\(sync): not in \(result.states) states, \(syncs.count) syncs")
                // With the sync, the same moment loses nothing.
                let sound = try await simulation.checkWorst(after: cuts.prefix(result.states).suffix(1))
                #expect(sound.states == 1 && sound.tally.losses == [], "\(sync)")
                let loss = result.tally.losses.first ?? "nothing"
                print("without the sync \(sync): lost in state \(result.states), \(loss)")
            }
        }
    }

    private func withRecording<Result>(
        of perform: (RecordedRun) async throws -> Void = { try await $0.perform() },
        _ body: (Recording, PowerCutSimulation, TestBed) async throws -> Result
    ) async throws -> Result {
        try await TestBed.runWithShim(startsServer: false, records: true) { bed, shim in
            let run = RecordedRun(bed, shim)
            try await perform(run)
            let recording = try shim.recording()
            return try await body(recording, try PowerCutSimulation(bed, run, recording), bed)
        }
    }
}

extension PowerCutTests.Sync {
    fileprivate func isOf(_ path: String, in server: ServerProcess) -> Bool {
        switch self {
        case .ofStagedBytes: path.hasPrefix(server.tmpDirectory) && path.hasSuffix(".part")
        case .ofStagingNames: path.hasPrefix(server.tmpDirectory) && !path.hasSuffix(".part")
        case .ofTheLog: path == server.database + "-wal"
        case .ofTheDatabase: path == server.database
        case .ofTheDatabaseFolder: server.database.hasPrefix(path + "/") && path != server.folder
        // Under the name that it has until it is whole.
        case .ofTheSecret: path.hasSuffix(".key.new")
        case .ofStoreFolders: path.hasPrefix(server.storeDirectory) && !path.hasSuffix(".part")
        case .ofCopies: path.hasPrefix(server.storeDirectory) && path.hasSuffix(".part")
        }
    }

    /// Whether this is told only after such a sync.
    fileprivate func comesBefore(_ content: Promise.Content) -> Bool {
        switch (self, content) {
        case (_, .removed): false
        case (.ofStagedBytes, .held), (.ofStagingNames, .held): true
        case (.ofStoreFolders, .calledBack(let retCode)), (.ofCopies, .calledBack(let retCode)): retCode == "0"
        case (.ofStagedBytes, _), (.ofStagingNames, _), (.ofStoreFolders, _), (.ofCopies, _): false
        default: true
        }
    }
}

extension PowerCutSimulation {
    /// The event that acknowledged the first block.
    fileprivate var firstBlock: Int {
        let promise = promises.first { if case .held = $0.content { true } else { false } }
        return promise?.given ?? 0
    }

    /// The event that begins the log anew when a checkpoint has copied rows of blocks from it, while the server serves:
    /// from then on these rows are in the database's own file only. `nil` where there is none.
    fileprivate func firstReuseOfTheLog(in recording: Recording, _ server: ServerProcess) -> Int? {
        var isCopied = false
        for (index, entry) in recording.entries.enumerated().dropFirst(firstBlock) {
            switch entry.event {
            case .started: isCopied = false
            case .wrote(_, let path, _, _) where path == server.database: isCopied = true
            case .wrote(_, let path, 0, _) where path == server.database + "-wal" && isCopied: return index
            default: break
            }
        }
        return nil
    }
}

extension Recording.Event {
    fileprivate var isStart: Bool {
        if case .started = self { true } else { false }
    }
}

extension Recording {
    /// Syncs of the log between the start of a process and its first look at the database.
    fileprivate var syncsAtStart: Set<Int> {
        var numbers: Set<Int> = []
        var isStarting = false
        for entry in entries {
            switch entry.event {
            case .started: isStarting = true
            case .mapped: isStarting = false
            case .syncBegan(let number, _, let path) where isStarting && path.hasSuffix("-wal"): numbers.insert(number)
            default: break
            }
        }
        return numbers
    }
}
