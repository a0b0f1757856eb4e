import Foundation
import Testing
import UploadTestSupport

/// The machine's clock is set a day forward and back while uploads and callbacks are under way.
@Suite(.contract)
struct TimeTroubleTests {
    private static let day = Duration.seconds(86_400)
    private let file = TestFile(size: 1000, seed: 1)

    @Test(arguments: [[day], [.zero - day], [day, .zero, .zero - day, day, .zero]])
    func nothingTimesOut(offsets: [Duration]) async throws {
        try await TestBed.runWithShim("taskTimeout=600", "pausedTimeout=600") { bed, shim in
            let upload = try await bed.server.register(file)
            let paused = try await bed.server.register(file, name: "paused.bin")
            try await upload.send(0...99, of: file)
            try await paused.send(0...99, of: file)
            try await paused.change(to: "pause")
            for (number, offset) in offsets.enumerated() {
                shim.setClock(offset: offset)
                // The service says when it has noticed; three of its rounds follow.
                _ = try await eventually("the jump to be noticed") {
                    try bed.server.logText().components(separatedBy: "the clock was set").count > number + 1
                        ? true : nil
                }
                try await Task.sleep(for: .seconds(3))
                let next = 100 * (number + 1)
                #expect(try await upload.send(next...next + 99, of: file).retCode == "0")
            }
            #expect(try await paused.info()["status"].text == "pause")
            try await paused.change(to: "upload")
            for task in [upload, paused] {
                try await task.sendAll(file, blockSize: 100)
                #expect(try await bed.receiver.callback(for: task.id).retCode == "0")
            }
            #expect(bed.receiver.recorded.value.count == 2)
        }
    }

    @Test(arguments: [day, .zero - day]) func callbacksKeepTheirTimes(offset: Duration) async throws {
        try await TestBed.runWithShim("callbackSchedule=1h") { bed, shim in
            bed.receiver.plan(Array(repeating: .status(500), count: 20), for: "/one")
            for number in 0..<20 {
                let upload = try await bed.server.register(TestFile(size: 0, seed: 1), name: "\(number)")
                _ = try await bed.receiver.callback(for: upload.id)
            }
            let recorded = "SELECT count(*) FROM callbacks WHERE state = 'pending' AND attempts = 1"
            _ = try await eventually("all attempts to be written down") {
                try await bed.server.sqlite(recorded) == "20" ? true : nil
            }
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
}
