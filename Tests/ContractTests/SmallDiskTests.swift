import Foundation
import Testing
import UploadTestSupport

/// A real file system that is too small, in a mount namespace of the server's own.
@Suite(.contract)
struct SmallDiskTests {
    /// 2 MiB for staging files, or for the database, or for what is finished.
    private func run(_ folder: String, _ body: (TestBed) async throws -> Void) async throws {
        try await TestBed.run(overrides: ["minFreeSpace=0"], startsServer: false) { bed in
            let path = bed.folder + "/" + folder
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try await bed.server.start(through: [
                "unshare", "--user", "--map-root-user", "--mount", "--propagation", "private", "sh", "-c",
                "mount -t tmpfs -o size=2m tmpfs \"$0\" && exec \"$@\"", path,
            ])
            try await body(bed)
        }
    }

    /// Makes room on the file system that only the server sees.
    private func grow(_ bed: TestBed, _ folder: String) async throws {
        let pid = try #require(bed.server.process?.pid)
        let mount = try ProgramProcess(
            "nsenter",
            [
                "--target", "\(pid)", "--user", "--mount", "--preserve-credentials", "mount", "-o", "remount,size=64m",
                bed.folder + "/" + folder,
            ])
        #expect(try await mount.waitForExit() == .code(0), "\(mount.output.value.errorText)")
    }

    @Test func blocksBeyondTheRoomAreRefusedAndTheRestIsWhole() async throws {
        try await run("tmp") { bed in
            let large = try await bed.server.post(NewTask(TestFile(size: 3 << 20, seed: 1)))
            #expect(large.retCode == "3" && large.status == 507)
            let file = TestFile(size: 1 << 20, seed: 2)
            let first = try await bed.server.register(file, name: "1")
            let second = try await bed.server.post(NewTask(file, name: "2"))
            #expect(second.retCode == "3", "the lock file takes a page: \(second.text)")
            try await first.sendAll(file)
            #expect(try await bed.receiver.callback(for: first.id).retCode == "0")
            #expect(bed.server.stored("in/1") == file.bytes)
            let again = try await bed.server.register(file, name: "2")
            try await again.sendAll(file)
            #expect(try await bed.receiver.callback(for: again.id).retCode == "0")
        }
    }

    /// Its WAL finds no room: what is acknowledged is there, the rest is refused with 3, until there is room again.
    @Test func aDatabaseWithoutRoomRefusesAndGoesOn() async throws {
        try await run("data") { bed in
            var open: [UploadHandle] = []
            var refusal: HTTPAnswer?
            for number in 0..<20_000 where refusal == nil {
                let task = NewTask(TestFile(size: 10, seed: 1), name: "\(number)")
                    .with("feedBackParameter", "\"\(String(repeating: "x", count: 50_000))\"")
                let answer = try await bed.server.post(task)
                if answer.retCode == "0" {
                    open.append(try UploadHandle(bed.server, answer))
                } else {
                    refusal = answer
                }
            }
            #expect(refusal?.retCode == "3" && refusal?.status == 507, "\(refusal?.text ?? "none was refused")")
            #expect(open.count > 5)
            for upload in open { #expect(try await upload.info()["retCode"].text == "0") }
            // What readiness says now depends on whether the WAL could just be used from its beginning again.
            try await grow(bed, "data")
            #expect(try await HTTP.get(bed.server.base + "/ready").status == 200)
            let file = TestFile(size: 1000, seed: 2)
            let after = try await bed.server.register(file, name: "after")
            try await after.sendAll(file)
            #expect(try await bed.receiver.callback(for: after.id).retCode == "0")
            for upload in open { #expect(try await upload.missing() == [0...9]) }
        }
    }
}
