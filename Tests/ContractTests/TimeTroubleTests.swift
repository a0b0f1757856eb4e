import Foundation
import Testing
import UploadTestSupport

/// The machine's clock is set a day forward and back while uploads and callbacks are under way, and while the server is
/// down.
@Suite(.contract)
struct TimeTroubleTests {
    private static let day = Duration.seconds(86_400)
    private let file = TestFile(size: 1000, seed: 1)

    @Test(arguments: [[day], [.zero - day], [day, .zero, .zero - day, day, .zero]])
    func nothingTimesOut(offsets: [Duration]) async throws {
        try await TestBed.runWithShim("taskTimeout=30", "pausedTimeout=30") { bed, shim in
            // Nothing would, for half a minute after a start.
            try await lookForIdleTasks(bed)
            let upload = try await bed.server.register(file)
            let paused = try await bed.server.register(file, name: "paused.bin")
            try await upload.send(0...99, of: file)
            try await paused.send(0...99, of: file)
            for (number, offset) in offsets.enumerated() {
                #expect(try await paused.change(to: "pause").retCode == "0")
                shim.setClock(offset: offset)
                _ = try await eventually("the jump to be noticed") {
                    try bed.server.logText().components(separatedBy: "the clock was set").count > number + 1
                        ? true : nil
                }
                try await lookForIdleTasks(bed)
                let next = 100 * (number + 1)
                #expect(try await upload.send(next...next + 99, of: file).retCode == "0")
                #expect(try await paused.info()["status"].text == "pause")
                #expect(try await paused.change(to: "upload").retCode == "0")
            }
            for task in [upload, paused] {
                try await task.sendAll(file, blockSize: 100)
                #expect(try await bed.receiver.callback(for: task.id).retCode == "0")
            }
            #expect(bed.receiver.recorded.value.count == 2 + 4 * (offsets.count + 1))
        }
    }

    /// Lets the service look for idle tasks once, from beginning to end: it finds two that are made idle for years here,
    /// one that receives and one that is paused, and then finds two more.
    private func lookForIdleTasks(_ bed: TestBed) async throws {
        for _ in 0..<2 {
            let tasks = [
                try await bed.server.register(file, name: UUID().uuidString),
                try await bed.server.register(file, name: UUID().uuidString),
            ]
            #expect(try await tasks[1].change(to: "pause").retCode == "0")
            try await bed.server.sqlite(
                """
                UPDATE tasks SET active_at = '2001-01-01 00:00:00.000' WHERE id IN (\(tasks[0].id), \(tasks[1].id))
                """)
            for task in tasks {
                #expect(try await bed.receiver.callback(for: task.id, within: .seconds(90)).retCode == "-1")
            }
        }
    }

    /// After a start, nothing times out before clients had the time to send. An idle task of a shorter limit shows that
    /// the service looks for some.
    @Test func aDayForwardWhileTheServerIsDownTimesNothingOut() async throws {
        try await TestBed.runWithShim("callbackSchedule=1h", "pausedTimeout=2s") { bed, shim in
            bed.receiver.plan(Array(repeating: .status(500), count: 40), for: "/one")
            let failed = try await refusedCallbacks(20, bed)
            let upload = try await bed.server.register(file)
            try await upload.send(0...99, of: file)
            try await bed.server.kill()
            shim.setClock(offset: Self.day)
            try await bed.server.start()

            for task in failed { _ = try await bed.receiver.callback(for: task.id, 2) }
            let idle = try await bed.server.register(file, name: "idle")
            #expect(try await idle.change(to: "pause").retCode == "0")
            #expect(try await bed.receiver.callback(for: idle.id).retCode == "-1")
            #expect(try await upload.send(100...199, of: file).retCode == "0")
            try await upload.sendAll(file)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            // Each was due and tried once; the next time is the schedule's.
            let later = """
                SELECT count(*) FROM callbacks WHERE state = 'pending' AND attempts = 2
                    AND julianday(next_attempt_at) > julianday('now', '+1 day', '+30 minutes')
                """
            _ = try await eventually("all attempts to be written down") {
                try await bed.server.sqlite(later) == "20" ? true : nil
            }
            #expect(bed.receiver.recorded.value.count == 2 * 20 + 2)
        }
    }

    /// Times that were written down before lie a day ahead then.
    @Test func aDayBackWhileTheServerIsDownDelaysNoCallback() async throws {
        try await TestBed.runWithShim("callbackSchedule=5s") { bed, shim in
            bed.receiver.plan([.status(500)], for: "/one")
            let upload = try await bed.server.register(TestFile(size: 0, seed: 1))
            _ = try await bed.receiver.callback(for: upload.id)
            // Nobody hears the next attempts, however many there are before the kill.
            await bed.receiver.stop()
            let pending = "SELECT count(*) FROM callbacks WHERE state = 'pending' AND attempts > 0"
            _ = try await eventually("an attempt to be written down") {
                try await bed.server.sqlite(pending) == "1" ? true : nil
            }
            try await bed.server.kill()
            shim.setClock(offset: .zero - Self.day)
            let ahead = " AND julianday(next_attempt_at) > julianday('now', '-1 day', '+20 hours')"
            #expect(try await bed.server.sqlite(pending + ahead) == "1")
            try await bed.receiver.start()
            try await bed.server.start()
            #expect(try await bed.receiver.callback(for: upload.id, 2).retCode == "0")
            _ = try await eventually("the delivery to be written down") {
                try await bed.server.sqlite("SELECT state FROM callbacks") == "delivered" ? true : nil
            }
            #expect(bed.receiver.recorded.value.count == 2)
        }
    }

    @Test(arguments: [day, .zero - day]) func callbacksKeepTheirTimes(offset: Duration) async throws {
        try await TestBed.runWithShim("callbackSchedule=1h") { bed, shim in
            bed.receiver.plan(Array(repeating: .status(500), count: 20), for: "/one")
            _ = try await refusedCallbacks(20, bed)
            let due = "SELECT julianday(min(next_attempt_at)) FROM callbacks"
            let before = try #require(Double(try await bed.server.sqlite(due)))
            shim.setClock(offset: offset)
            let moved = try await eventually("the rows to be moved") {
                let now = Double(try await bed.server.sqlite(due)) ?? before
                return now != before ? now - before : nil
            }
            #expect(abs(moved - offset / Self.day) < 0.001, "in days")
            // A callback that is new now goes out, and takes no old one along.
            let fresh = try await bed.server.register(TestFile(size: 0, seed: 1), name: "fresh")
            #expect(try await bed.receiver.callback(for: fresh.id).retCode == "0")
            #expect(bed.receiver.recorded.value.count == 21)
        }
    }

    /// Tasks whose callback was tried once, and refused.
    private func refusedCallbacks(_ count: Int, _ bed: TestBed) async throws -> [UploadHandle] {
        var tasks: [UploadHandle] = []
        for number in 0..<count {
            tasks.append(try await bed.server.register(TestFile(size: 0, seed: 1), name: "\(number)"))
            _ = try await bed.receiver.callback(for: tasks[number].id)
        }
        let recorded = "SELECT count(*) FROM callbacks WHERE state = 'pending' AND attempts = 1"
        _ = try await eventually("all attempts to be written down") {
            try await bed.server.sqlite(recorded) == "\(count)" ? true : nil
        }
        return tasks
    }
}
