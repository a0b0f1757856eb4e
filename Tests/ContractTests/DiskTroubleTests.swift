import Glibc
import Testing
import UploadTestSupport

/// A full disk, a broken one, one that may not be written: the answer is there at once, nothing that was acknowledged is
/// lost, and the service goes on by itself when the trouble ends.
@Suite(.contract)
struct DiskTroubleTests {
    struct Trouble: Sendable, CustomStringConvertible {
        var operation: FaultShim.Operation
        var path: String
        var error: Int32
        var retCode: String

        init(_ operation: FaultShim.Operation, _ path: String, _ error: Int32, _ retCode: String) {
            (self.operation, self.path, self.error, self.retCode) = (operation, path, error, retCode)
        }

        var description: String { "\(operation.rawValue) \(path): \(String(cString: strerror(error)))" }
    }

    private static let httpStatus = ["3": 507, "11": 503, "20": 500]
    private let file = TestFile(size: 3000, seed: 1)

    private func readiness(_ server: ServerProcess) async throws -> HTTPAnswer {
        try await HTTP.get(server.base + "/ready")
    }

    private func becomeReady(_ server: ServerProcess, _ status: Int) async throws {
        _ = try await eventually("/ready to answer \(status)") {
            try await readiness(server).status == status ? true : nil
        }
    }

    // MARK: A block

    @Test(arguments: [
        Trouble(.write, ".part", ENOSPC, "3"), Trouble(.write, ".part", EDQUOT, "3"),
        Trouble(.write, ".part", EROFS, "3"), Trouble(.write, ".part", EIO, "20"),
        Trouble(.create, ".part", ENOSPC, "3"), Trouble(.create, ".part", EROFS, "3"),
        Trouble(.create, ".part", EIO, "20"), Trouble(.create, ".part", EMFILE, "11"),
        Trouble(.sync, ".part", EIO, "20"), Trouble(.sync, ".part", ENOSPC, "3"),
        Trouble(.folderSync, "/tmp/", EIO, "20"),
        Trouble(.write, "-wal", ENOSPC, "3"), Trouble(.write, "-wal", EIO, "20"), Trouble(.sync, "-wal", EIO, "20"),
    ])
    func aBlockIsRefusedAndSentAgain(_ trouble: Trouble) async throws {
        try await TestBed.runWithShim { bed, shim in
            let upload = try await bed.server.register(file)
            let neighbour = try await bed.server.register(file, name: "neighbour.bin")
            #expect(try await neighbour.send(0...999, of: file).retCode == "0")
            try await becomeReady(bed.server, 200)

            let rule = try shim.fail(trouble.operation, path: trouble.path, with: trouble.error)
            let refused = try await upload.send(0...999, of: file)
            #expect(refused.retCode == trouble.retCode, "\(refused.text)")
            #expect(refused.status == Self.httpStatus[trouble.retCode])
            #expect(!refused.text.contains(bed.folder))
            if trouble.error != EMFILE { try await becomeReady(bed.server, 503) }
            #expect(try await upload.missing() == [0...2999])
            #expect(try await neighbour.missing() == [1000...2999])

            rule.remove()
            #expect(try await upload.send(0...999, of: file).retCode == "0")
            try await upload.sendAll(file, blockSize: 1000)
            try await neighbour.sendAll(file, blockSize: 1000)
            for task in [upload, neighbour] {
                #expect(try await bed.receiver.callback(for: task.id).retCode == "0")
            }
            #expect(bed.server.stored("in/file.bin") == file.bytes)
            #expect(bed.server.stored("in/neighbour.bin") == file.bytes)
            try await becomeReady(bed.server, 200)
        }
    }

    @Test func aShortWriteIsContinued() async throws {
        try await TestBed.runWithShim { bed, shim in
            try shim.shortenWrites(path: ".part", times: 5)
            try shim.shortenWrites(path: "-wal", times: 5)
            let upload = try await bed.server.register(file)
            try await upload.sendAll(file, blockSize: 1000)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored("in/file.bin") == file.bytes)
        }
    }

    /// The kernel reports a lost write once. Blocks that were on the way together are all refused, on busy connections.
    @Test func aFailedSyncIsNotRetriedIntoSuccess() async throws {
        try await TestBed.runWithShim { bed, shim in
            let upload = try await bed.server.register(file)
            #expect(try await upload.send(0...99, of: file).retCode == "0")
            let held = try shim.hold(.sync, path: ".part", times: 1)
            async let first = upload.send(100...199, of: file)
            try await held.waitUntilHeld()
            // These wait for the same descriptor's next sync.
            async let second = upload.send(200...299, of: file)
            async let third = upload.send(300...399, of: file)
            let failure = try shim.fail(.sync, path: ".part", with: EIO, times: 1)
            held.remove()
            let codes = try await [first.retCode, second.retCode, third.retCode]
            try await failure.wait()
            let acknowledged = zip([100...199, 200...299, 300...399], codes).filter { $0.1 == "0" }.map(\.0)
            let missing = try await upload.missing()
            for range in [100...199, 200...299, 300...399] {
                #expect(
                    missing.contains { $0.overlaps(range) } != acknowledged.contains(range), "\(range): \(codes)")
            }
            #expect(codes.contains("20"))
            try await upload.sendAll(file, blockSize: 100)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored("in/file.bin") == file.bytes)
        }
    }

    // MARK: Publishing

    @Test(arguments: [
        Trouble(.mkdir, "/store/", EIO, ""), Trouble(.mkdir, "/store/", ENOSPC, ""), Trouble(.link, "/store/", EIO, ""),
        Trouble(.link, "/store/", ENOSPC, ""), Trouble(.rename, "/store/", EIO, ""),
        Trouble(.rename, "/store/", EROFS, ""), Trouble(.folderSync, "/store", EIO, ""),
    ])
    func aCompleteFileWaits(_ trouble: Trouble) async throws {
        try await TestBed.runWithShim { bed, shim in
            let rule = try shim.fail(trouble.operation, path: trouble.path, with: trouble.error)
            let upload = try await bed.server.register(NewTask(file, in: "new/folder"))
            try await upload.sendAll(file, blockSize: 1000)
            try await rule.wait(forHits: 2)
            try await becomeReady(bed.server, 503)
            #expect(try await upload.info()["status"].text == "verify")
            #expect(bed.receiver.callbacks(for: upload.id).isEmpty)
            rule.remove()
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored("new/folder/file.bin") == file.bytes)
            try await becomeReady(bed.server, 200)
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

    // MARK: Room

    @Test func whatIsPromisedIsReserved() async throws {
        try await TestBed.runWithShim("minFreeSpace=1000", "bServer.\(TestBed.token).maxOpenTasks=3") { bed, shim in
            try shim.reportFree(bytes: 3 * 4096)
            let first = try await bed.server.register(file, name: "1")
            _ = try await bed.server.register(file, name: "2")
            _ = try await bed.server.register(file, name: "3")
            let fourth = try await bed.server.post(NewTask(TestFile(size: 1, seed: 2), name: "4"))
            #expect(fourth.retCode == "11" && fourth.sentence.contains("3"), "\(fourth.text)")
            let other = NewTask(file, name: "4").with("token", "\"\(TestBed.secondToken)\"")
            let full = try await bed.server.post(other)
            #expect(full.retCode == "3" && full.status == 507, "\(full.text)")
            #expect(try await bed.server.register(file, name: "1").id == first.id, "that one has its room")
            try await first.change(to: "cancel")
            #expect(try await bed.server.post(other).retCode == "0")
        }
    }

    /// Many at once: together they get what there is, and no byte more.
    @Test func parallelRegistrationsDoNotFillTheDiskTogether() async throws {
        try await TestBed.runWithShim("minFreeSpace=0") { bed, shim in
            try shim.reportFree(bytes: 8 * 4096)
            let codes = try await withThrowingTaskGroup(of: String?.self) { group in
                for number in 0..<40 {
                    group.addTask { try await bed.server.post(NewTask(file, name: "\(number)")).retCode }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(codes.count { $0 == "0" } == 10)
            #expect(codes.count { $0 == "3" } == 30)
        }
    }
}
