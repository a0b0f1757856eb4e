import Foundation
import Logging
import Testing
import UploadTestSupport

@testable import UploadServer

/// The watchdog is told that the server works only while it does.
@Suite struct HeartbeatTests {
    /// Loops that answer when they are let.
    private struct State {
        var asked = 0
        var answered = 0
    }

    @Test func noBeatComesBeforeTheLoopsHaveAnswered() async throws {
        let socket = try NotifySocket("@heartbeat-\(UUID().uuidString)", watchdog: .milliseconds(2))
        let manager = ServiceManager(environment: socket.environment, logger: Logger(label: "test"))
        #expect(manager.beatInterval == .milliseconds(1))
        let loops = Watched(State())
        let beating = Task {
            await Heartbeat(manager: manager, clock: SystemClock()) {
                let turn = loops.update { state in
                    state.asked += 1
                    return state.asked
                }
                // It throws when the test has ended.
                _ = try? await loops.wait("the answer") { $0.answered >= turn ? true : nil }
            }.run()
        }
        defer { beating.cancel() }
        for turn in 1...3 {
            _ = try await loops.wait("the loops to be asked") { $0.asked == turn ? true : nil }
            _ = try await socket.messages.wait("the beats so far") { $0.count == turn - 1 ? true : nil }
            loops.update { $0.answered = turn }
            _ = try await socket.messages.wait("one more") { $0.count == turn ? true : nil }
        }
        #expect(socket.messages.value == Array(repeating: "WATCHDOG=1", count: 3))
    }

    @Test(arguments: [
        ["NOTIFY_SOCKET": "@x"], ["WATCHDOG_USEC": "1000000"], ["NOTIFY_SOCKET": "", "WATCHDOG_USEC": "1000000"],
        ["NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "0"], ["NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "soon"],
        ["NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"],
    ])
    func whereNobodyListensItEndsAtOnce(environment: [String: String]) async {
        let manager = ServiceManager(environment: environment, logger: Logger(label: "test"))
        #expect(manager.beatInterval == nil)
        await Heartbeat(manager: manager, clock: SystemClock()) { Issue.record("nobody wants to know") }.run()
    }

    @Test func itIsBeatenAtHalfOfTheTime() {
        let environment = [
            "NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "60000000",
            "WATCHDOG_PID": "\(ProcessInfo.processInfo.processIdentifier)",
        ]
        let manager = ServiceManager(environment: environment, logger: Logger(label: "test"))
        #expect(manager.beatInterval == .seconds(30))
    }
}
