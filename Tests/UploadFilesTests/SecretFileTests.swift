import Foundation
import Testing
import UploadTestSupport

@testable import UploadFiles

/// The file with the secrets of task keys.
@Suite struct SecretFileTests {
    private let folder: TemporaryDirectory
    private let file: SecretFile

    init() throws {
        folder = try TemporaryDirectory()
        file = SecretFile(path: folder("a.key"))
    }

    private var mode: Int? {
        get throws {
            try FileManager.default.attributesOfItem(atPath: folder("a.key"))[.posixPermissions] as? Int
        }
    }

    private func write(_ bytes: [UInt8], mode: Int = 0o600) throws {
        try folder.write(bytes, to: "a.key")
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder("a.key"))
    }

    @Test func aNewOneIsForItsOwnerAndStays() throws {
        let made = try file.loadOrCreate()
        #expect(made.map(\.generation) == [1])
        #expect(made[0].bytes.count == 32 && Set(made[0].bytes).count > 8)
        #expect(try mode == 0o600)
        #expect(try file.loadOrCreate() == made)
        #expect(try file.load() == made)
        #expect(try SecretFile(path: folder("b.key")).loadOrCreate() != made)
    }

    @Test func theBareBytesOfEarlierServersAreTheFirstSecret() throws {
        let bytes = SeededGenerator.bytes(32, seed: 3)
        try write(bytes)
        #expect(try file.loadOrCreate() == [KeySecret(generation: 1, bytes: bytes)])
        #expect(TemporaryDirectory.read(folder("a.key")) == bytes)
        #expect(try file.addSecret() == 2)
        #expect(try file.load().first == KeySecret(generation: 1, bytes: bytes))
        #expect(try mode == 0o600)
    }

    @Test func secretsComeAndGo() throws {
        let first = try file.loadOrCreate()
        #expect(try file.addSecret() == 2)
        #expect(try file.addSecret() == 3)
        let all = try file.load()
        #expect(all.map(\.generation) == [1, 2, 3])
        #expect(all.first == first.first)
        #expect(Set(all.map(\.bytes)).count == 3)
        #expect(try file.removeSecrets(of: [1, 3, 9]) == [all[1], all[2]], "the newest stays")
        #expect(try file.load() == [all[1], all[2]])
        #expect(try file.addSecret() == 4)
    }

    @Test func writersAtOnceLoseNothing() async throws {
        _ = try file.loadOrCreate()
        let added = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<20 { group.addTask { [file] in try file.addSecret() } }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect(added == Set(2...21))
        #expect(try file.load().map(\.generation) == Array(1...21))
    }

    /// What a crash left under the name that a new file has until it is whole, or somebody else put there.
    @Test(arguments: ["", "a whole file, of another database"])
    func whatLiesInItsWayIsNotWrittenTo(text: String) throws {
        func leave() throws {
            try folder.write(Array(text.utf8), to: "a.key.new")
            try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: folder("a.key.new"))
        }
        try leave()
        let made = try file.loadOrCreate()
        #expect(made.map(\.generation) == [1])
        #expect(try mode == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.key"])

        // Beside a file it means nothing, and goes with the next change.
        try leave()
        #expect(try file.loadOrCreate() == made)
        #expect(try file.load() == made)
        #expect(try file.addSecret() == 2)
        #expect(try file.load().first == made.first)
        #expect(try mode == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.key"])
    }

    @Test(arguments: [0o640, 0o604, 0o620, 0o601]) func oneForOthersIsRefused(mode: Int) throws {
        try write(SeededGenerator.bytes(32), mode: mode)
        for load in [file.load, file.loadOrCreate] {
            let error = #expect(throws: SecretFile.InvalidError.self) { try load() }
            #expect(error?.description.contains("chmod 600") == true)
        }
    }

    private static let hex = String(repeating: "5e", count: 32)

    @Test(arguments: [
        "", "x", String(hex.prefix(31)), "fuploadServer secrets of task ke",
        "fuploadServer secrets of task keys, format 1\n",
        "fuploadServer secrets of task keys, format 2\n1 \(hex)\n",
        "fuploadServer secrets of task keys, format 1\n1 \(hex)",
        "fuploadServer secrets of task keys, format 1\n1 \(hex)\n1 \(hex)\n",
        "fuploadServer secrets of task keys, format 1\n2 \(hex)\n1 \(hex)\n",
        "fuploadServer secrets of task keys, format 1\n0 \(hex)\n",
        "fuploadServer secrets of task keys, format 1\n1 \(hex)5e\n",
        "fuploadServer secrets of task keys, format 1\n1 \(hex.dropLast())g\n",
        "fuploadServer secrets of task keys, format 1\n1  \(hex)\n",
        "fuploadServer secrets of task keys, format 1\n\n1 \(hex)\n", "1 \(hex)\n",
    ])
    func whatIsNoneIsRefusedAndNotShown(text: String) throws {
        try write(Array(text.utf8))
        let error = #expect(throws: SecretFile.InvalidError.self) { try file.loadOrCreate() }
        #expect(error?.description.contains("a.key") == true)
        #expect(error?.description.contains("5e5e") == false)
        #expect(throws: SecretFile.InvalidError.self) { try file.addSecret() }
        #expect(TemporaryDirectory.read(folder("a.key")) == Array(text.utf8), "nor is it replaced")
    }

    @Test func aMissingOneIsMadeAtAStartOnly() throws {
        #expect(throws: SecretFile.InvalidError.self) { try file.load() }
        #expect(throws: SecretFile.InvalidError.self) { try file.addSecret() }
        #expect(throws: SecretFile.InvalidError.self) { try file.removeSecrets(of: [1]) }
        #expect(TemporaryDirectory.read(folder("a.key")) == nil)
    }

    @Test func troubleWithTheDiskNamesTheFile() throws {
        try folder.makeFolder("a.key")
        for attempt in [{ _ = try file.load() }, { _ = try file.loadOrCreate() }, { _ = try file.addSecret() }] {
            let error = #expect(throws: SecretFile.InvalidError.self) { try attempt() }
            #expect(error?.description.contains(folder("a.key")) == true)
        }
        let nowhere = SecretFile(path: folder("none/b.key"))
        #expect(try !nowhere.exists())
        let error = #expect(throws: SecretFile.InvalidError.self) { try nowhere.loadOrCreate() }
        #expect(error?.description.contains("none/b.key can't be read or written") == true)
    }

    @Test func noTextShowsTheBytes() throws {
        let secret = KeySecret(generation: 7, bytes: [UInt8](repeating: 171, count: 32))
        var dumped = ""
        dump([secret], to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), "\([secret])", dumped] {
            #expect(text.contains("7") && !text.contains("171") && !text.contains("ab"), "\(text)")
        }
    }
}
