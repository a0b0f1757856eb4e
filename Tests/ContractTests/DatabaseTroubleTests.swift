import Foundation
import Glibc
import Testing
import UploadTestSupport

/// The database's main file can't be written or synced, its WAL can.
///
/// A COMMIT is durable once it is in the WAL. SQLite copies that into the main file after a COMMIT which has made it a
/// thousand pages long, as tests have it; where that fails, it says so to nobody, and tries again after the next one
/// (https://www.sqlite.org/c3ref/wal_autocheckpoint.html). So nothing is refused, and `/ready` has nothing to tell.
@Suite(.contract)
struct DatabaseTroubleTests {
    private let file = TestFile(size: 1000, seed: 1)

    /// Registers tasks that fill some twenty pages each.
    private func register(_ numbers: Range<Int>, _ bed: TestBed) async throws -> [UploadHandle] {
        let padding = "\"\(String(repeating: "x", count: 50_000))\""
        var uploads: [UploadHandle] = []
        for number in numbers {
            let task = NewTask(file, name: "\(number)").with("feedBackParameter", padding)
            uploads.append(try await bed.server.register(task))
        }
        return uploads
    }

    private func walSize(_ bed: TestBed) throws -> Int {
        try FileManager.default.attributesOfItem(atPath: bed.server.database + "-wal")[.size] as? Int ?? 0
    }

    @Test(arguments: [
        Trouble(.write, ".sqlite$", EIO), Trouble(.write, ".sqlite$", ENOSPC),
        Trouble(.sync, ".sqlite$", EIO), Trouble(.sync, ".sqlite$", ENOSPC),
    ])
    func whatIsInTheWALIsNotLost(_ trouble: Trouble) async throws {
        try await TestBed.runWithShim { bed, shim in
            let rule = try trouble.begin(bed, shim)
            var uploads = try await register(0..<60, bed)
            #expect(rule.hits > 1, "it is tried again after each COMMIT")
            #expect(try await uploads[0].send(0...499, of: file).retCode == "0")
            try await bed.server.readiness(becomes: 200)
            #expect(try await uploads[0].missing() == [500...999])

            // No restart is needed: once the WAL is copied it is used from its beginning again.
            rule.remove()
            uploads += try await register(60..<70, bed)
            let size = try walSize(bed)
            uploads += try await register(70..<130, bed)
            #expect(try walSize(bed) <= size + 1 << 20)
            #expect(try await uploads[1].send(0...499, of: file).retCode == "0")

            let hits = rule.hits
            rule.restore()
            uploads += try await register(130..<190, bed)
            #expect(rule.hits > hits)
            #expect(try await uploads[2].send(0...499, of: file).retCode == "0")
            try await bed.server.kill()
            rule.remove()
            try await bed.server.start()
            for (number, upload) in uploads.enumerated() {
                #expect(try await upload.missing() == [(number < 3 ? 500 : 0)...999], "\(number)")
            }
            #expect(try await bed.server.sqlite("PRAGMA integrity_check") == "ok")
            for number in [0, 1, 2, 189] {
                try await uploads[number].sendAll(file, blockSize: 500)
                #expect(try await bed.receiver.callback(for: uploads[number].id).retCode == "0")
                #expect(bed.server.stored("in/\(number)") == file.bytes)
            }
            #expect(try await bed.server.terminate() == .code(0))
            let doctor = try await bed.server.doctor()
            #expect(doctor.exit == .code(0), "\(doctor)")
        }
    }

    /// Neither does the next start need the main file, nor does the end of the one before.
    @Test func aStartAndAStopDuringTheTroubleLoseNothing() async throws {
        try await TestBed.runWithShim { bed, shim in
            let rule = try shim.fail(.write, path: ".sqlite$", with: EIO)
            let uploads = try await register(0..<60, bed)
            #expect(try await uploads[0].send(0...499, of: file).retCode == "0")
            // How it ends is another matter: that the WAL could not be copied is said, but costs nothing.
            try await bed.server.terminate()
            try await bed.server.start()
            #expect(rule.hits > 1)
            try await bed.server.readiness(becomes: 200)
            for (number, upload) in uploads.enumerated() {
                #expect(try await upload.missing() == [(number < 1 ? 500 : 0)...999], "\(number)")
            }
            rule.remove()
            try await uploads[0].sendAll(file, blockSize: 500)
            #expect(try await bed.receiver.callback(for: uploads[0].id).retCode == "0")
            #expect(try await bed.server.terminate() == .code(0))
            let doctor = try await bed.server.doctor()
            #expect(doctor.exit == .code(0), "\(doctor)")
        }
    }
}
