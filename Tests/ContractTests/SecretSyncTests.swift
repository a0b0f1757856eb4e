import Glibc
import Testing
import UploadTestSupport

/// The secrets of task keys on a disk in trouble: no task relies on one that a power cut may take back.
@Suite(.contract)
struct SecretSyncTests {
    private let file = TestFile(size: 10, seed: 1)

    private func generation(_ bed: TestBed, _ name: String) async throws -> String {
        let upload = try await bed.server.register(file, name: name)
        return try await bed.server.sqlite("SELECT key_generation FROM tasks WHERE id = \(upload.id)")
    }

    @Test func aSecretIsTakenUpOnceItsNameIsDurable() async throws {
        try await TestBed.runWithShim { bed, shim in
            let process = try #require(bed.server.process)
            let rotation = try ProgramProcess(
                try ProgramProcess.path(ofProduct: "fuploadServer"), ["rotate-key", "-c", bed.server.configuration])
            #expect(try await rotation.waitForExit() == .code(0), "\(rotation.output.value.errorText)")

            let failure = try shim.fail(.folderSync, path: bed.folder + "/data", with: EIO)
            process.signal(SIGHUP)
            _ = try await process.waitForError(containing: "task keys not reloaded")
            failure.remove()
            #expect(try await generation(bed, "before") == "1")

            process.signal(SIGHUP)
            _ = try await process.waitForError(containing: "reloaded task keys: new tasks use secret 2")
            #expect(try await generation(bed, "after") == "2")
        }
    }
}
