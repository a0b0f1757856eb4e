import Foundation
import Testing
import UploadCore
import UploadTestSupport

/// The process dies right after each step of the durability order: the first time that it is made, and later ones. What
/// it leaves is sound, and after the next start everything acknowledged is there, and every upload comes to the end that
/// it was to have.
@Suite(.contract, .serialized)
struct CrashPointTests {
    /// A point and the time of its being reached at which the process dies.
    struct Case: Sendable, CustomStringConvertible {
        var point: FaultPoint
        var hit: Int

        var description: String { "\(point.rawValue):\(hit)" }
    }

    private static var isFull: Bool { ProcessInfo.processInfo.environment["SWEEP"] == "full" }
    private static let hits = isFull ? Array(1...10) : [1, 2, 4]
    /// A life has so many of everything that is counted.
    static let mostHits = hits.max() ?? 1

    /// All that can happen, and nothing else: each of them has to.
    private static func cases() throws -> [Case] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().resolvingSymlinksInPath()
        let folder = root.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("migrations")
        let migrations = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .count { $0.hasSuffix(".sql") }
        return FaultPoint.allCases.flatMap { point in
            hits.filter { $0 <= point.mostHits(migrations: migrations) }.map { Case(point: point, hit: $0) }
        }
    }

    @Test func everyStepMayBeTheLast() async throws {
        let cases = try Self.cases()
        var rest = cases[...]
        var outcomes: [Outcome] = []
        try await withThrowingTaskGroup(of: Outcome.self) { group in
            for _ in 0..<3 {
                guard let next = rest.popFirst() else { break }
                group.addTask { try await Self.run(next) }
            }
            while let outcome = try await group.next() {
                outcomes.append(outcome)
                guard let next = rest.popFirst() else { continue }
                group.addTask { try await Self.run(next) }
            }
        }
        #expect(outcomes.count == cases.count)
        for outcome in outcomes { #expect(outcome.deaths == 1, "nothing comes by \(outcome.tried)") }
        #expect(outcomes.contains { $0.examined > 0 }, "blocks were held when the server died")
        let deaths = outcomes.reduce(0) { $0 + $1.deaths }
        let acknowledged = outcomes.reduce(0) { $0 + $1.acknowledged }
        let lost = outcomes.flatMap(\.lost)
        #expect(lost == [])
        print(
            "crash points: \(FaultPoint.allCases.count) points, \(outcomes.count) lives, \(deaths) deaths, "
                + "\(acknowledged) acknowledged blocks, \(lost.count) lost")
    }

    private struct Outcome: Sendable {
        var tried: Case
        var deaths = 0
        /// Rows of blocks whose bytes were hashed between death and start.
        var examined = 0
        var acknowledged = 0
        var lost: [String] = []
    }

    private static func run(_ tried: Case) async throws -> Outcome {
        // Copying needs a second file system.
        let store = tried.point == .targetCopied ? "/dev/shm/fupload-\(UUID().uuidString)" : nil
        defer {
            // Left where this fails; nobody looks for it there.
            if let store { try? FileManager.default.removeItem(atPath: store) }
        }
        var outcome = Outcome(tried: tried)
        try await TestBed.run(overrides: store.map { ["storeDir=\($0)"] } ?? [], startsServer: false) { bed in
            let life = CrashingLife(bed, dyingAt: tried, storeDirectory: store ?? bed.server.storeDirectory)
            outcome.deaths = try await life.live()
            outcome.examined = life.examined
            outcome.acknowledged = life.survivor.acknowledgements
            outcome.lost = life.survivor.lost.map { "\(tried): \($0)" }
            try await life.check()
        }
        return outcome
    }
}

extension FaultPoint {
    /// How often a life comes by, where that is not as often as it makes uploads.
    fileprivate func mostHits(migrations: Int) -> Int {
        switch self {
        // At the first start, once for each.
        case .migrationInTransaction: migrations
        // At the first start; and at each start, once.
        case .secretWritten, .claimsReleased: 1
        default: .max
        }
    }
}
