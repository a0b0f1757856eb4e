import Foundation
import Glibc
import Testing
import UploadTestSupport

/// Calls that fail while it lasts.
struct Trouble: Sendable, CustomStringConvertible {
    var operation: FaultShim.Operation
    private var path: String
    var error: Int32
    /// What a client is told of it; empty where it is told nothing.
    var retCode: String

    /// - Parameter path: as ``FaultShim`` has it; `{tmp}` stands for the bed's own folder of unfinished files.
    init(_ operation: FaultShim.Operation, _ path: String, _ error: Int32, _ retCode: String = "") {
        (self.operation, self.path, self.error, self.retCode) = (operation, path, error, retCode)
    }

    /// Whether no COMMIT is possible.
    var isOfLog: Bool { path == "-wal" }

    var description: String { "\(operation.rawValue) \(path): \(String(cString: strerror(error)))" }

    /// - Parameter after: how many calls succeed first.
    func begin(_ bed: TestBed, _ shim: FaultShim, after: Int = 0) throws -> FaultShim.Rule {
        let path = path.replacingOccurrences(of: "{tmp}", with: bed.server.tmpDirectory)
        return try shim.fail(operation, path: path, with: error, after: after)
    }
}

extension ServerProcess {
    /// Waits until `/ready` answers so.
    ///
    /// - Parameter reason: part of what it says; `nil` for whatever that is.
    func readiness(becomes status: Int, saying reason: String? = nil) async throws {
        _ = try await eventually("/ready to answer \(status) \(reason ?? "")") {
            let answer = try await HTTP.get(base + "/ready")
            let isSaid = reason.map { answer.text.contains($0) } ?? true
            return answer.status == status && isSaid ? true : nil
        }
    }
}

/// A full disk, a broken one, one that may not be written: the answer is there at once, nothing that was acknowledged is
/// lost, and the service goes on by itself when the trouble ends.
@Suite(.contract)
struct DiskTroubleTests {
    private static let httpStatus = ["3": 507, "11": 503, "20": 500]
    private let file = TestFile(size: 3000, seed: 1)

    // MARK: A block

    @Test(arguments: [
        Trouble(.write, ".part", ENOSPC, "3"), Trouble(.write, ".part", EDQUOT, "3"),
        Trouble(.write, ".part", EROFS, "3"), Trouble(.write, ".part", EIO, "20"),
        Trouble(.create, ".part", ENOSPC, "3"), Trouble(.create, ".part", EROFS, "3"),
        Trouble(.create, ".part", EIO, "20"), Trouble(.create, ".part", EMFILE, "11"),
        Trouble(.sync, ".part", EIO, "20"), Trouble(.sync, ".part", ENOSPC, "3"),
        Trouble(.folderSync, "{tmp}/", EIO, "20"),
        Trouble(.write, "-wal", ENOSPC, "3"), Trouble(.write, "-wal", EIO, "20"), Trouble(.sync, "-wal", EIO, "20"),
        // SQLite tells a full disk apart (SQLITE_FULL for ENOSPC); everything else is an I/O error to it.
        Trouble(.write, "-wal", EDQUOT, "20"), Trouble(.write, "-wal", EROFS, "20"),
    ])
    func aBlockIsRefusedAndSentAgain(_ trouble: Trouble) async throws {
        try await TestBed.runWithShim { bed, shim in
            let upload = try await bed.server.register(file)
            let neighbour = try await bed.server.register(file, name: "neighbour.bin")
            #expect(try await neighbour.send(0...999, of: file).retCode == "0")
            try await bed.server.readiness(becomes: 200)

            let rule = try trouble.begin(bed, shim)
            let refused = try await upload.send(0...999, of: file)
            #expect(refused.retCode == trouble.retCode, "\(refused.text)")
            #expect(refused.status == Self.httpStatus[trouble.retCode])
            #expect(!refused.text.contains(bed.folder))
            if trouble.isOfLog {
                let others = [
                    try await bed.server.post(NewTask(file, name: "third.bin")),
                    try await neighbour.change(to: "pause"),
                ]
                for answer in others {
                    #expect(answer.retCode == trouble.retCode, "\(answer.text)")
                    #expect(answer.status == Self.httpStatus[trouble.retCode])
                }
                #expect(try await neighbour.info()["status"].text == "upload")
            }
            try await bed.server.readiness(becomes: 503)
            #expect(try await upload.missing() == [0...2999])
            #expect(try await neighbour.missing() == [1000...2999])

            rule.remove()
            if trouble.isOfLog {
                #expect(try await bed.server.sqlite("SELECT count(*) FROM tasks") == "2", "refused is not registered")
                _ = try await bed.server.register(file, name: "third.bin")
                for status in ["pause", "upload"] { #expect(try await neighbour.change(to: status).retCode == "0") }
            }
            #expect(try await upload.send(0...999, of: file).retCode == "0")
            try await upload.sendAll(file, blockSize: 1000)
            try await neighbour.sendAll(file, blockSize: 1000)
            for task in [upload, neighbour] {
                #expect(try await bed.receiver.callback(for: task.id).retCode == "0")
            }
            #expect(bed.server.stored("in/file.bin") == file.bytes)
            #expect(bed.server.stored("in/neighbour.bin") == file.bytes)
            try await bed.server.readiness(becomes: 200)
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

    /// A staging file that was taken away and is made anew has a name that is not on the disk yet, whatever the first one had.
    @Test func theNameOfAFileThatIsMadeAgainIsSyncedAgain() async throws {
        try await TestBed.runWithShim { bed, shim in
            let upload = try await bed.server.register(file)
            #expect(try await upload.send(0...99, of: file).retCode == "0")
            try bed.server.removeStaged()
            #expect(try await upload.missing() == [0...2999])
            let broken = try shim.fail(.folderSync, path: bed.server.tmpDirectory + "/", with: EIO)
            #expect(try await upload.send(0...99, of: file).retCode == "20")
            broken.remove()
            try await upload.sendAll(file)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
        }
    }

    /// All threads for file work are in calls that don't return. What needs no bytes on the disk is answered all the same.
    @Test func aDiskThatHangsHoldsUpNoQuestion() async throws {
        try await TestBed.runWithShim("ioThreads=1") { bed, shim in
            let (upload, other) = (try await bed.server.register(file), try await bed.server.register(file, name: "b"))
            #expect(try await upload.send(0...99, of: file).retCode == "0")
            let held = try shim.hold(.sync, path: ".part")
            async let stuck = upload.send(100...199, of: file)
            try await held.waitUntilHeld()
            #expect(try await upload.info()["receivedSize"].integer == 100)
            #expect(try await other.change(to: "pause").retCode == "0")
            #expect(try await other.send(0...99, of: file).retCode == "4")
            _ = try await bed.server.register(file, name: "c")
            held.remove()
            #expect(try await stuck.retCode == "0")
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

    /// What one business server may ask for, and the other one is not bound by.
    @Test func aBusinessServerHasLimitsOfItsOwn() async throws {
        let (entry, second) = ("bServer.\(TestBed.token)", "\"\(TestBed.secondToken)\"")
        try await TestBed.run("\(entry).maxFileSize=1000", "\(entry).maxBlockSize=100") { bed in
            let larger = NewTask(TestFile(size: 1001, seed: 2), name: "larger")
            let refused = try await bed.server.post(larger)
            #expect(refused.retCode == "10" && refused.status == 413, "\(refused.text)")
            #expect(try await bed.server.post(larger.with("token", second)).retCode == "0")

            let file = TestFile(size: 1000, seed: 1)
            let bound = try await bed.server.register(file, name: "bound")
            let free = try await bed.server.register(NewTask(file, name: "free").with("token", second))
            // Its block is no larger than it may be, so it is the announced length that is looked at.
            var long = Form(block: 0...99, file[0...99])
            long.parts.append(Form.Part("ignored", [UInt8](repeating: 0x78, count: 70_000)))
            let wide = Form(block: 100...200, file[100...200])
            for form in [long, wide, Form(wide.parts.reversed())] {
                let answer = try await HTTP.postForm(bound.uploadURL, form)
                #expect(answer.retCode == "10" && answer.status == 413, "\(answer.text)")
                #expect(try await HTTP.postForm(free.uploadURL, form).retCode == "0")
            }
            #expect(try await bound.missing() == [0...999])
            #expect(try await free.missing() == [201...999])
            #expect(try await HTTP.postForm(bound.uploadURL, long, chunked: true).retCode == "0")
            #expect(try await bound.missing() == [100...999])
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
