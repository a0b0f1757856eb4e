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
            let without = try await simulation.check(
                states: 200, seed: 1, losses: 1,
                without: { event in
                    switch event {
                    case .syncBegan(let number, _, _), .syncEnded(let number, _, _): atStart.contains(number)
                    default: false
                    }
                }, within: events)
            #expect(!without.tally.losses.isEmpty, "not in \(without.states) states")
        }
    }

    /// What each sync is there for. A server that leaves it out is found out.
    enum Sync: String, CaseIterable {
        case ofStagedBytes, ofStagingNames, ofTheLog, ofTheDatabaseFolder, ofStoreFolders
    }

    @Test(arguments: Sync.allCases)
    func aMissingSyncIsFound(_ sync: Sync) async throws {
        try await withRecording { _, simulation, bed in
            let result = try await simulation.check(states: 500, seed: 1, losses: 1) { event in
                event.isSync && event.path.map { sync.isOf($0, in: bed.server) } == true
            }
            #expect(!result.tally.losses.isEmpty, "not in \(result.states) states")
            print("without the sync \(sync): lost in state \(result.states), \(result.tally.losses.first ?? "nothing")")
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
        case .ofStagedBytes: path.hasSuffix(".part")
        case .ofStagingNames: path.hasPrefix(server.tmpDirectory) && !path.hasSuffix(".part")
        case .ofTheLog: path.hasSuffix("-wal")
        case .ofTheDatabaseFolder: server.database.hasPrefix(path) && path != server.folder
        case .ofStoreFolders: path.hasPrefix(server.storeDirectory)
        }
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
