import Foundation
import Glibc
import Testing
import UploadTestSupport

/// What SIGHUP reads again: here of the configuration. The certificate is that of `TLSTests`, the secrets of task keys are
/// those of `KeyRotationTests`.
@Suite(.contract)
struct ReloadTests {
    private let file = TestFile(size: 1000, seed: 1)

    private func change(_ old: String, to new: String, _ bed: TestBed) throws {
        let path = bed.server.configuration
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains(old))
        try Data(text.replacing(old, with: new).utf8).write(to: URL(fileURLWithPath: path))
    }

    /// A server that says so when a reload is at its end, whatever the log's level is.
    private func run(_ body: (TestBed, () async throws -> Void) async throws -> Void) async throws {
        try await TestBed.run(startsServer: false) { bed in
            let manager = try NotifySocket("@" + bed.folder)
            try await bed.server.start(environment: manager.environment)
            try await body(bed) {
                try await manager.wait(for: 1, more: "READY=1") { bed.server.process?.signal(SIGHUP) }
            }
        }
    }

    @Test func theLogsLevelFollowsTheConfiguration() async throws {
        try await run { bed, reload in
            _ = try await bed.server.register(file, name: "loud-1")
            try change("logLevel: debug", to: "logLevel: warning", bed)
            try await reload()
            _ = try await bed.server.register(file, name: "silent")
            try change("logLevel: warning", to: "logLevel: info", bed)
            try await reload()
            _ = try await bed.server.register(file, name: "loud-2")
            let process = try #require(bed.server.process)
            _ = try await process.waitForError(containing: "loud-2")
            let log = try bed.server.logText()
            #expect(log.contains("reloaded configuration: logLevel info\n"))
            #expect(log.contains("loud-1") && !log.contains("silent"))
        }
    }

    @Test func whatWaitsForTheNextStartIsNamed() async throws {
        try await run { bed, reload in
            try change("env: \"test\"", to: "env: \"test\"\ntaskTimeout: 7d\nmaxOpenTasks: 5", bed)
            try change("name: \"two\"", to: "name: \"deux\"", bed)
            try await reload()
            try await bed.server.says(
                "reloaded configuration: logLevel debug; at the next start: taskTimeout, maxOpenTasks, bServer")
        }
    }

    @Test func oneWithFaultsChangesNothing() async throws {
        try await run { bed, reload in
            try change("logLevel: debug", to: "logLevel: warning\nnoSuchKey: 1", bed)
            try await reload()
            try await bed.server.says("configuration not reloaded, what was in effect stays error=…")
            _ = try await bed.server.register(file, name: "loud")
            _ = try await bed.server.process?.waitForError(containing: "loud")
        }
    }
}
