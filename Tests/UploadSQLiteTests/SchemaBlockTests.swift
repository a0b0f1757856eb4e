import Testing
import UploadCore
import UploadTestSupport

@testable import UploadSQLite

@Suite struct SchemaBlockTests {
    private static let insert =
        "INSERT INTO blocks (task_id, start_byte, end_byte, md5, received_at) VALUES (?, ?, ?, ?, ?)"
    private static let time = "2026-01-02 03:04:05.678"
    private static let sum = "d41d8cd98f00b204e9800998ecf8427e"

    private let fixture: DatabaseFixture

    init() throws {
        fixture = try DatabaseFixture()
    }

    private func insert(_ first: Int64, _ last: Int64, in task: UploadTask) async throws -> String? {
        try await fixture.refusal(of: Self.insert, [task.id.rawValue, first, last, Self.sum, Self.time])
    }

    /// Held are 20-29 and 40-49 of 100 bytes.
    @Test(
        arguments: [
            (20, 29), (15, 20), (29, 30), (22, 25), (15, 35), (20, 20), (29, 29), (10, 60), (30, 40), (49, 60), (0, 99),
            (45, 45),
        ] as [(Int64, Int64)])
    func refusesAnOverlap(first: Int64, last: Int64) async throws {
        let task = try await fixture.register()
        try await fixture.commit(range(20, 29), range(40, 49), to: task)
        #expect(try await insert(first, last, in: task)?.contains("overlaps") == true)
        #expect(try await fixture.repository.task(task.id)?.receivedBytes == 20)
    }

    @Test(arguments: [(0, 19), (19, 19), (30, 30), (30, 39), (50, 99), (0, 0)] as [(Int64, Int64)])
    func takesWhatTouches(first: Int64, last: Int64) async throws {
        let task = try await fixture.register()
        let neighbour = try await fixture.register("b.bin")
        try await fixture.commit(range(20, 29), range(40, 49), to: task)
        try await fixture.commit(range(0, 98), to: neighbour)
        #expect(try await insert(first, last, in: task) == nil)
        #expect(try await fixture.repository.task(task.id)?.receivedBytes == 20 + last - first + 1)
    }

    @Test(arguments: [(0, 100), (100, 100), (-1, 5), (5, 4), (99, 100), (0, .max)] as [(Int64, Int64)])
    func refusesWhatIsOutOfBounds(first: Int64, last: Int64) async throws {
        let task = try await fixture.register()
        #expect(try await insert(first, last, in: task) != nil)
    }

    @Test(arguments: TaskState.allCases) func takesBlocksWhileOpenOnly(state: TaskState) async throws {
        let task = try await fixture.register(size: 10)
        switch state {
        case .receiving: break
        case .paused, .cancelled, .timedOut: try await fixture.move(task, to: state)
        case .verifying, .publishing, .finished, .failed:
            try await fixture.commit(range(0, 9), to: task)
            if state == .publishing || state == .finished { try await fixture.move(task, to: .publishing) }
            if state.isClosed { try await fixture.move(task, to: state) }
        }
        let refusal = try await insert(0, 4, in: task)
        #expect((refusal == nil) == (state == .receiving || state == .paused))
        // Where all bytes are held, the overlap may be found first.
        if state == .cancelled || state == .timedOut { #expect(refusal?.contains("takes no blocks") == true) }
    }

    @Test func refusesABlockOfNoTask() async throws {
        #expect(try await fixture.refusal(of: Self.insert, [4711, 0, 1, Self.sum, Self.time]) != nil)
    }

    @Test(arguments: [
        (sum.uppercased(), time), (String(sum.dropLast()), time), (sum + "0", time), ("g" + sum.dropFirst(), time),
        (sum, "2026-01-02T03:04:05.678"), (sum, "2026-01-02 03:04:05"), (sum, ""), (sum, time + "Z"),
    ])
    func refusesMalformedFacts(md5: String, time: String) async throws {
        let task = try await fixture.register()
        #expect(try await fixture.refusal(of: Self.insert, [task.id.rawValue, 0, 1, md5, time]) != nil)
    }

    @Test(arguments: ["start_byte = 1", "end_byte = 8", "md5 = '\(sum)'", "received_at = '\(time)'", "task_id = 1"])
    func aBlockDoesNotChange(change: String) async throws {
        let task = try await fixture.register()
        try await fixture.commit(range(0, 9), to: task)
        #expect(try await fixture.refusal(of: "UPDATE blocks SET \(change)")?.contains("does not change") == true)
    }

    /// Sums are kept by triggers: held against what the rows say, after every one of many inserts and deletes.
    @Test(arguments: [1, 2, 3] as [UInt64]) func sumsAreKept(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let task = try await fixture.register(size: 1000)
        for _ in 0..<60 {
            if Int.random(in: 0..<4, using: &generator) == 0 {
                let from = Int64.random(in: 0..<1000, using: &generator)
                let sql =
                    "DELETE FROM blocks WHERE task_id = ? AND start_byte = (SELECT max(start_byte) FROM blocks "
                    + "WHERE start_byte <= ?)"
                try await fixture.execute(sql, [task.id.rawValue, from])
            } else {
                let first = Int64.random(in: 0..<990, using: &generator)
                _ = try await insert(first, first + Int64.random(in: 0..<9, using: &generator), in: task)
            }
            let kept = try await fixture.strings("SELECT received_bytes || ' ' || held_end FROM tasks")
            let summed = try await fixture.strings(
                """
                SELECT coalesce(sum(end_byte - start_byte + 1), 0) || ' ' || coalesce(max(end_byte + 1), 0) FROM blocks
                """)
            #expect(kept == summed)
        }
        #expect(try await fixture.number("SELECT count(*) FROM blocks") ?? 0 > 5)
    }

    @Test func aBlockIsActivity() async throws {
        let task = try await fixture.register()
        fixture.clock.advance(by: .seconds(5))
        try await fixture.commit(range(0, 9), to: task)
        #expect(try await fixture.repository.task(task.id)?.activeAt == fixture.clock.now)
        // A wall clock that is set back does not make a task older.
        fixture.clock.advance(by: .seconds(-60))
        try await fixture.commit(range(10, 19), to: task)
        #expect(try await fixture.repository.task(task.id)?.activeAt == fixture.clock.now.advanced(by: .seconds(60)))
    }
}
