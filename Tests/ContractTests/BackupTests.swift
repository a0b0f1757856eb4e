import Foundation
import Glibc
import Testing
import UploadTestSupport

/// `fuploadServer backup`: what it makes, beside a server at work and without one.
@Suite(.contract)
struct BackupTests {
    /// The bytes that a database file knows of a task as held.
    private func held(_ id: Int64, in path: String) async throws -> [ClosedRange<Int>] {
        let rows = try await SQLiteShell(path: path)(
            "SELECT start_byte || '-' || end_byte FROM blocks WHERE task_id = \(id) ORDER BY start_byte")
        return rows.split(separator: "\n").compactMap { row in
            let ends = row.split(separator: "-").compactMap { Int($0) }
            return ends.count == 2 ? ends[0]...ends[1] : nil
        }
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    /// Blocks come all the time that the copy is made; it is restored on another machine, so to speak, and goes on there.
    @Test func whatWasAcknowledgedBeforeItIsInIt() async throws {
        try await TestBed.run { bed in
            let (file, copy) = (TestFile(size: 400_000, seed: 5), bed.folder + "/copy.sqlite")
            let handles = try await (0..<4).asyncMap { try await bed.server.register(file, name: "file-\($0)") }
            let acknowledged = Watched<[Int64: [ClosedRange<Int>]]>([:])
            let (before, made) = try await withThrowingTaskGroup(of: Void.self) { group in
                for handle in handles {
                    group.addTask {
                        // Never the first one: no file is complete.
                        for block in file.blocks(of: 2000).dropFirst() {
                            let answer = try await handle.send(block, of: file)
                            #expect(["0", "1"].contains(answer.retCode), "\(answer.text)")
                            acknowledged.update { $0[handle.id, default: []].append(block) }
                        }
                    }
                }
                let before = try await acknowledged.wait("blocks to be on their way") { acknowledged in
                    acknowledged.values.reduce(0) { $0 + $1.count } > 40 ? acknowledged : nil
                }
                let made = try await bed.server.command("backup", "--json", copy)
                try await group.waitForAll()
                return (before, made)
            }
            #expect(made.exit == .code(0), "\(made.summary)")
            #expect(made.json["holds"]["openTasks"].integer == 4, "\(made.summary)")
            for (id, ranges) in before {
                let held = try await held(id, in: copy)
                for range in ranges {
                    #expect(held.contains(range), "\(range) is in none of \(held.count)")
                }
            }
            try await bed.server.terminate()

            let elsewhere = try ServerProcess(
                folder: bed.folder + "/elsewhere", businessServers: TestBed.businessServers(bed.receiver),
                // Paths are kept with their tasks.
                overrides: ["storeDir=\(bed.server.storeDirectory)"])
            let restored = try await elsewhere.command("restore", copy)
            #expect(restored.exit == .code(0), "\(restored.summary)")
            // What was staged stayed on the first machine. It could be a volume that is not mounted, so it is asked for.
            let asked = try await elsewhere.doctor("--repair")
            #expect(asked.exit == .code(1) && asked.problems.map(\.check) == ["staging"], "\(asked)")
            let folder = "\(elsewhere.tmpDirectory)/\(try await elsewhere.sqlite("SELECT id FROM installation"))"
            #expect(asked.problems.first?.text.contains("mkdir -p \(folder)") == true, "\(asked)")
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let repaired = try await elsewhere.doctor("--repair")
            #expect(repaired.exit == .code(0), "\(repaired)")
            try await elsewhere.start()
            if let process = elsewhere.process { _ = bed.own(process) }
            for handle in handles {
                // The same key in its URLs.
                let moved = UploadHandle(elsewhere, handle)
                #expect(try await moved.missing() == [0...399_999])
                try await moved.sendAll(file, blockSize: 100_000)
                #expect(try await bed.receiver.callback(for: handle.id).retCode == "0")
            }
            #expect(bed.server.stored("in/file-3") == file.bytes)
            try await elsewhere.terminate()
        }
    }

    /// What a server that was killed left in the WAL is in it, and nothing of the database is written.
    @Test func theDatabaseIsOnlyRead() async throws {
        try await TestBed.runWithShim { bed, shim in
            let file = TestFile(size: 1000, seed: 2)
            let upload = try await bed.server.register(file)
            try await upload.send(100...199, of: file)
            try await bed.server.kill()
            let files = ["", "-wal", ".key"].map { bed.server.database + $0 }
            let before = files.map { TemporaryDirectory.read($0) }
            let rules = try ["/fupload.sqlite$", "/fupload.sqlite-wal$"].map { path in
                try shim.fail([.write, .truncate, .unlink], path: path, with: EIO, mustHit: false)
            }
            let copy = bed.folder + "/copy.sqlite"
            let made = try await bed.server.command("backup", copy)
            #expect(made.exit == .code(0), "\(made.summary)")
            for rule in rules { #expect(rule.hits == 0) }
            #expect(files.map { TemporaryDirectory.read($0) } == before)
            #expect(try await held(upload.id, in: copy) == [100...199])
            #expect(TemporaryDirectory.read(copy + ".key") == before[2])
        }
    }

    @Test func itSaysWhatItHoldsAndIsForItsOwnerAlone() async throws {
        try await Patient.run { patient in
            let copy = patient.bed.folder + "/copy.sqlite"
            let made = try await patient.server.command("backup", copy)
            #expect(made.exit == .code(0), "\(made.summary)")
            #expect(made.lines.first == "backup made: \(copy) and \(copy).key")
            #expect(
                made.text.contains("it holds 2 tasks (1 open), 5 blocks, 1 callbacks (0 undelivered); "), "\(made.text)"
            )
            #expect(made.text.contains(patient.server.tmpDirectory), "what is not in it")
            for path in [copy, copy + ".key"] { #expect(try mode(path) == 0o600) }
            // One file, with nothing beside it.
            let names = try FileManager.default.contentsOfDirectory(atPath: patient.bed.folder)
            #expect(names.filter { $0.hasPrefix("copy.") }.sorted() == ["copy.sqlite", "copy.sqlite.key"])

            let again = try await patient.server.command("backup", "--json", copy)
            #expect(again.exit == .code(1), "\(again.summary)")
            #expect(again.json["error"].text == "\(copy) is there already: --force replaces it")
            try await patient.open.send(100_000...149_999, of: patient.file)
            let forced = try await patient.server.command("backup", "--json", "--force", copy)
            #expect(forced.exit == .code(0), "\(forced.summary)")
            #expect(try await held(patient.open.id, in: copy).last == 200_000...299_999)
            #expect(forced.json["holds"]["blocks"].integer == 6, "\(forced.summary)")
            #expect(forced.json["keyFile"].text == copy + ".key")
        }
    }

    @Test func whatCanNotBeCopiedIsSaid() async throws {
        try await Patient.run { patient in
            let (server, folder) = (patient.server, patient.bed.folder)
            for (path, words) in [("", "FILE is a folder"), ("/no/copy.sqlite", "is not there: mkdir -m 700")] {
                let output = try await server.command("backup", "--json", folder + path)
                #expect(output.exit == .code(1) && output.text.contains(words), "\(output.summary)")
            }
            for name in ["", "-wal", ".key", ".lock"] {
                let output = try await server.command("backup", "--force", "--json", server.database + name)
                #expect(output.exit == .code(1), "\(output.summary)")
                #expect(output.text.contains("one of the database's own files"), "\(output.summary)")
            }
            let usage = try await server.command("backup")
            #expect(usage.exit == .code(64), "\(usage.summary)")

            try await server.terminate()
            let size = try #require(TemporaryDirectory.read(server.database)).count
            // Not the first page.
            var bytes = try #require(TemporaryDirectory.read(server.database))
            for offset in 4096..<size { bytes[offset] = 0xA5 }
            try Patient.overwrite(server.database, bytes)
            let damaged = try await server.command("backup", "--json", folder + "/damaged.sqlite")
            #expect(damaged.exit == .code(1), "\(damaged.summary)")
            #expect(damaged.text.contains("is damaged"), "\(damaged.summary)")
            try FileManager.default.removeItem(atPath: server.database)
            let none = try await server.command("backup", "--json", folder + "/none.sqlite")
            #expect(none.exit == .code(2) && none.text.contains("there is no database at"), "\(none.summary)")
            let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(names.filter { $0.contains("damaged") || $0.contains("none") } == [])
        }
    }

    @Test func aFullDiskLeavesNothing() async throws {
        try await TestBed.runWithShim { bed, shim in
            try await bed.server.register(TestFile(size: 100, seed: 1)).send(0...9, of: TestFile(size: 100, seed: 1))
            try FileManager.default.createDirectory(atPath: bed.folder + "/backups", withIntermediateDirectories: true)
            let full = try shim.fail(.write, path: "/backups/", with: ENOSPC, after: 3)
            let made = try await bed.server.command("backup", bed.folder + "/backups/one.sqlite")
            #expect(made.exit == .code(1) && made.errorText.contains("can't be written"), "\(made.summary)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: bed.folder + "/backups") == [])
            full.remove()
        }
    }
}

extension Sequence {
    /// One after the other.
    fileprivate func asyncMap<Result>(_ transform: (Element) async throws -> Result) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await transform(element)) }
        return results
    }
}
