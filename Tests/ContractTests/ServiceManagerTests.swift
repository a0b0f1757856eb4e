import Foundation
import Glibc
import Testing
import UploadTestSupport

/// What the server tells a service manager, and when.
@Suite(.contract)
struct ServiceManagerTests {
    private let file = TestFile(size: 1000, seed: 1)
    private let beat = "WATCHDOG=1"

    /// A server with a manager, not started yet.
    private func run(
        watchdog: Duration? = nil, _ body: (TestBed, FaultShim, NotifySocket) async throws -> Void
    ) async throws {
        try await TestBed.runWithShim(startsServer: false) { bed, shim in
            try await body(bed, shim, try NotifySocket(bed.folder + "/notify", watchdog: watchdog))
        }
    }

    @Test func readyIsSaidWhenItListensAndNotBefore() async throws {
        try await run { bed, shim, manager in
            let held = try shim.hold(.create, path: ".sqlite$")
            try bed.server.launch(environment: manager.environment)
            try await held.waitUntilHeld()
            #expect(manager.messages.value.isEmpty)
            held.remove()
            let said = try await manager.wait(for: "READY=1")
            let status = try #require(said.wholeMatch(of: /READY=1\nSTATUS=listening on 127\.0\.0\.1:(\d+)/))
            #expect(manager.messages.value == [said], "no watchdog was asked for")
            #expect(try await HTTP.get("http://127.0.0.1:\(status.output.1)/ready").status == 200)
        }
    }

    @Test func aServerThatDoesNotComeUpIsNeverReady() async throws {
        try await TestBed.run { bed in
            let manager = try NotifySocket(bed.folder + "/notify")
            let other = try ServerProcess(
                folder: bed.folder + "/other", businessServers: TestBed.businessServers(bed.receiver))
            let process = bed.own(
                try other.launch(
                    overrides: ["server.port=\(bed.server.port)"], environment: manager.environment))
            #expect(try await process.waitForExit() == .code(1))
            #expect(!manager.messages.value.contains { $0.contains("READY=1") })
        }
    }

    /// As containers have it, whose sockets have no place in a file system.
    @Test func anAbstractSocketWillDo() async throws {
        try await TestBed.run(startsServer: false) { bed in
            let manager = try NotifySocket("@" + bed.folder)
            try await bed.server.start(environment: manager.environment)
            _ = try await manager.wait(for: "READY=1")
            try await bed.server.terminate()
            _ = try await manager.wait(for: "STOPPING=1")
        }
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func stoppingIsSaidAtOnceAndNothingElseAfterIt(signal: Int32) async throws {
        try await TestBed.run(startsServer: false) { bed in
            let manager = try NotifySocket("@" + bed.folder, watchdog: .seconds(3600))
            try await bed.server.start(environment: manager.environment)
            bed.receiver.plan([.hang], for: "/one")
            let upload = try await bed.server.register(file)
            try await upload.sendAll(file)
            _ = try await bed.receiver.callback(for: upload.id)
            bed.server.process?.signal(signal)
            _ = try await manager.wait(for: "STOPPING=1")
            #expect(try await bed.server.process?.waitForExit() == .code(0))
            let said = manager.messages.value.filter { $0 != beat }
            #expect(said.count == 2 && said.last?.hasPrefix("STOPPING=1\nSTATUS=stopping") == true, "\(said)")
        }
    }

    @Test func theWatchdogIsBeatenUntilTheEnd() async throws {
        try await run(watchdog: .milliseconds(200)) { bed, shim, manager in
            try await bed.server.start(environment: manager.environment)
            try await manager.wait(for: 3, more: beat)
            let upload = try await bed.server.register(file)
            let held = try shim.hold(.sync, path: ".part")
            async let block = upload.send(0...99, of: file)
            try await held.waitUntilHeld()
            bed.server.process?.signal(SIGTERM)
            _ = try await manager.wait(for: "STOPPING=1")
            try await manager.wait(for: 3, more: beat)
            held.remove()
            #expect(try await block.retCode == "0")
            #expect(try await bed.server.process?.waitForExit() == .code(0))
        }
    }

    /// The first beat comes with the start: where there is none, none was to come.
    @Test func aWatchdogThatIsMeantForAnotherProcessGetsNoBeat() async throws {
        try await TestBed.run(startsServer: false) { bed in
            let manager = try NotifySocket("@" + bed.folder, watchdog: .milliseconds(10))
            try await bed.server.start(environment: manager.environment.merging(["WATCHDOG_PID": "1"]) { $1 })
            try await bed.server.register(file).sendAll(file)
            try await bed.server.terminate()
            _ = try await manager.wait(for: "STOPPING=1")
            #expect(!manager.messages.value.contains(beat))
        }
    }

    /// Killing the server would neither make room nor repair the disk.
    @Test func aFullDiskIsToldAndEndsNoBeat() async throws {
        try await run(watchdog: .milliseconds(200)) { bed, shim, manager in
            try await bed.server.start(environment: manager.environment)
            try shim.fail([.write, .create], path: bed.folder, with: ENOSPC)
            try shim.reportFree(bytes: 0)
            _ = try await manager.messages.wait("a status that tells of it") { messages in
                messages.contains { $0.hasPrefix("STATUS=listening on ") && $0.contains(", not ready: ") } ? true : nil
            }
            try await manager.wait(for: 5, more: beat)
        }
    }

    @Test func aDiskThatHangsIsToldAndEndsNoBeat() async throws {
        try await run(watchdog: .milliseconds(200)) { bed, shim, manager in
            try await bed.server.start(environment: manager.environment)
            let upload = try await bed.server.register(file)
            let held = try shim.hold([.sync, .write, .create], path: bed.folder + "/")
            async let block = upload.send(0...99, of: file)
            try await held.waitUntilHeld()
            _ = try await manager.messages.wait("a status that tells of it") { messages in
                messages.contains { $0.contains("the disk does not answer") } ? true : nil
            }
            try await manager.wait(for: 5, more: beat)
            held.remove()
            _ = try await block
        }
    }

    @Test func aReloadHasABeginningAndAnEnd() async throws {
        try await TestBed.run(startsServer: false) { bed in
            let manager = try NotifySocket("@" + bed.folder)
            try await bed.server.start(environment: manager.environment)
            let before = Self.monotonicMicroseconds()
            bed.server.process?.signal(SIGHUP)
            let said = try await manager.messages.wait("READY after the reload") { messages in
                messages.last == "READY=1" ? messages : nil
            }
            #expect(said.count == 3)
            let time = try #require(said[1].wholeMatch(of: /RELOADING=1\nMONOTONIC_USEC=(\d+)/)).output.1
            #expect((before...Self.monotonicMicroseconds()).contains(try #require(Int64(time))))
        }
    }

    private static func monotonicMicroseconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000
    }

    @Test(arguments: ["vsock:2:1", "/nowhere/notify"])
    func aManagerThatCanNotBeToldIsNoReasonNotToServe(name: String) async throws {
        try await TestBed.run(startsServer: false) { bed in
            try await bed.server.start(environment: ["NOTIFY_SOCKET": name, "WATCHDOG_USEC": "soon"])
            let upload = try await bed.server.register(file)
            try await upload.sendAll(file)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(try await bed.server.terminate() == .code(0))
            let log = try bed.server.logText()
            #expect(log.contains("WATCHDOG_USEC is no time"))
            #expect(log.contains("the service manager can't be told"))
        }
    }
}
