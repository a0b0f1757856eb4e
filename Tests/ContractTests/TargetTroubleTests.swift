import Foundation
import Glibc
import Testing
import UploadTestSupport

extension TestBed {
    /// Waits until the service says that a complete file can't be published, and expects this one to be waiting for that:
    /// all of its bytes are held, and nobody was told that it is in place.
    func expectWaiting(_ upload: UploadHandle) async throws {
        try await server.readiness(becomes: 503, saying: "complete files can't be published")
        #expect(try await upload.info()["status"].text == "verify")
        #expect(try await upload.missing() == [])
        #expect(receiver.callbacks(for: upload.id).isEmpty)
    }
}

/// Trouble where finished files go: a complete one waits, nobody is told that it is there, and it is whole in the end.
@Suite(.contract)
struct TargetTroubleTests {
    private let file = TestFile(size: 3000, seed: 1)
    /// Three portions of those that are copied at once.
    private let large = TestFile(size: 2_500_000, seed: 2)

    @Test(arguments: [
        Trouble(.mkdir, "/store/", EIO), Trouble(.mkdir, "/store/", ENOSPC), Trouble(.mkdir, "/store/", EROFS),
        Trouble(.link, "/store/", EIO), Trouble(.link, "/store/", ENOSPC), Trouble(.link, "/store/", EROFS),
        Trouble(.rename, "/store/", EIO), Trouble(.rename, "/store/", EROFS), Trouble(.folderSync, "/store", EIO),
    ])
    func aCompleteFileWaits(_ trouble: Trouble) async throws {
        try await TestBed.runWithShim { bed, shim in
            let rule = try trouble.begin(bed, shim)
            let upload = try await bed.server.register(NewTask(file, in: "new/folder"))
            try await upload.sendAll(file, blockSize: 1000)
            try await rule.wait(forHits: 2)
            try await bed.expectWaiting(upload)
            rule.remove()
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored("new/folder/file.bin") == file.bytes)
            try await bed.server.readiness(becomes: 200)
        }
    }

    /// Its bytes were synced block by block; a sync that fails now makes them worth nothing all the same.
    @Test func stagedBytesThatCanNotBeSyncedAreAskedForAgain() async throws {
        try await TestBed.runWithShim { bed, shim in
            let upload = try await bed.server.register(file)
            #expect(try await upload.send(0...2998, of: file).retCode == "0")
            let failure = try shim.fail(.sync, path: ".part", with: EIO, after: 1, times: 1)
            #expect(try await upload.send(2999...2999, of: file).retCode == "0")
            try await failure.wait()
            try await upload.reach("upload")
            #expect(try await upload.missing() == [0...2999])
            #expect(bed.receiver.callbacks(for: upload.id).isEmpty)
            #expect(bed.server.stored("in/file.bin") == nil)
            try await upload.sendAll(file, blockSize: 1000)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored("in/file.bin") == file.bytes)
        }
    }

    // MARK: On another file system

    /// A server whose finished files go to another file system than its unfinished ones: it copies them.
    private func runCopying(
        _ body: (_ bed: TestBed, _ shim: FaultShim, _ store: String) async throws -> Void
    ) async throws {
        let store = "/dev/shm/fupload-\(UUID().uuidString)"
        // It is not there when the server did not come as far as making it.
        defer { try? FileManager.default.removeItem(atPath: store) }
        try await TestBed.runWithShim("storeDir=\(store)") { bed, shim in try await body(bed, shim, store) }
    }

    /// Files under the name that a file has until it is whole.
    private func leftovers(in store: String) -> [String] {
        (FileManager.default.subpaths(atPath: store) ?? []).filter { $0.contains(".fupload-") }
    }

    @Test(arguments: [
        Trouble(.create, ".fupload-", EIO), Trouble(.create, ".fupload-", EROFS),
        Trouble(.write, ".fupload-", ENOSPC), Trouble(.write, ".fupload-", EIO),
        Trouble(.sync, ".fupload-", EIO), Trouble(.sync, ".fupload-", ENOSPC),
        Trouble(.rename, ".fupload-", EIO),
    ])
    func aCompleteFileWaitsForItsCopy(_ trouble: Trouble) async throws {
        try await runCopying { bed, shim, store in
            // A part of the file is there already when the disk is full.
            let rule = try trouble.begin(bed, shim, after: trouble.operation == .write ? 1 : 0)
            let upload = try await bed.server.register(NewTask(large, in: "new/folder"))
            try await upload.sendAll(large, blockSize: 1_000_000)
            try await rule.wait(forHits: 2)
            try await bed.expectWaiting(upload)
            #expect(bed.server.stored(store + "/new/folder/file.bin") == nil)
            // Between two tries: what can't be used takes no room from those who are short of it.
            _ = try await eventually("no part of a copy to be left") { leftovers(in: store).isEmpty ? true : nil }
            rule.remove()
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored(store + "/new/folder/file.bin") == large.bytes)
            #expect(leftovers(in: store) == [])
            try await bed.server.readiness(becomes: 200)
        }
    }

    @Test func aCopyThatFallsShortIsContinued() async throws {
        try await runCopying { bed, shim, store in
            let rule = try shim.shortenWrites(path: ".fupload-", times: 5)
            let upload = try await bed.server.register(file)
            try await upload.sendAll(file, blockSize: 1000)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored(store + "/in/file.bin") == file.bytes)
            #expect(rule.hits == 5)
            #expect(leftovers(in: store) == [])
        }
    }
}
