import Testing
import UploadTestSupport

/// Hundreds of clients of every kind, a server that is killed, stopped and set in time, a disk and a receiver in trouble:
/// at the end every file is accounted for, and the server has not grown.
@Suite(.contract, .serialized)
struct SoakTests {
    @Test func everyFileIsAccountedFor() async throws {
        let plan = SoakPlan.fromEnvironment()
        print("soaking with SOAK_SEED=\(plan.seed)")
        let timeout = "\(plan.idleTimeout.components.seconds)"
        try await TestBed.runWithShim(
            "server.port=\(try FreePort.find())", "taskTimeout=\(timeout)", "pausedTimeout=\(timeout)", "logLevel=info",
            "callbackSchedule=100ms,300ms,1s", "callbackTimeout=2s", startsServer: false
        ) { bed, shim in
            let report = try await Soak.run(plan, bed, shim)
            print(report.summary)
            for problem in report.problems.prefix(100) { Issue.record("\(problem)") }
            #expect(report.problems.isEmpty, "SOAK_SEED=\(plan.seed) does the same again")
        }
    }
}
