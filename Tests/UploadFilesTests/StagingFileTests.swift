import Blocking
import Foundation
import Testing
import UploadCore
import UploadTestSupport

@testable import UploadFiles

@Suite struct StagingFileTests {
    private let fixture: FilesFixture
    private let content = SeededGenerator.bytes(1000)

    init() async throws {
        fixture = try await FilesFixture()
    }

    private func write(_ bytes: [UInt8], as block: ByteRange, pieces: [ByteRange], chunk: Int) async throws
        -> BlockDigests
    {
        let isNew = try await fixture.store.stagedSize(of: fixture.id) == nil
        let writer = try await fixture.store.open(fixture.id, creating: isNew).makeWriter(for: block, pieces: pieces)
        for start in stride(from: 0, to: bytes.count, by: chunk) {
            try await writer.write([Array(bytes[start..<min(start + chunk, bytes.count)]), [UInt8]()])
        }
        return try await writer.finish()
    }

    @Test func blocksAreWrittenWhereTheyBelong() async throws {
        for block in [range(600, 999), range(0, 99), range(100, 599)] {
            let digests = try await write(content[block], as: block, pieces: [block], chunk: 77)
            #expect(
                digests
                    == BlockDigests(block: md5(content[block]), pieces: [Block(range: block, md5: md5(content[block]))])
            )
        }
        #expect(TemporaryDirectory.read(fixture.staged) == content)
        #expect(try await fixture.store.stagedDigest(of: fixture.id) == FileDigest(md5: md5(content), size: 1000))
    }

    /// Chunk borders before, on and after the pieces' borders.
    @Test(arguments: [1, 3, 10, 49, 50, 51, 100, 500])
    func heldBytesAreNotTouched(chunk: Int) async throws {
        let whole = range(0, 499)
        _ = try await write(content[whole], as: whole, pieces: [whole], chunk: 500)
        let other = SeededGenerator.bytes(1000, seed: 2)
        let pieces = [range(50, 59), range(100, 149), range(300, 300), range(440, 449)]
        let block = range(50, 449)
        let digests = try await write(other[block], as: block, pieces: pieces, chunk: chunk)
        #expect(digests.block == md5(other[block]))
        #expect(digests.pieces == pieces.map { Block(range: $0, md5: md5(other[$0])) })
        var expected = content[whole]
        for piece in pieces { expected.replaceSubrange(Int(piece.start)..<Int(piece.end), with: other[piece]) }
        #expect(TemporaryDirectory.read(fixture.staged) == expected)
    }

    @Test func aBlockWithoutMissingPiecesIsOnlyHashed() async throws {
        let block = range(0, 9)
        let digests = try await write(content[block], as: block, pieces: [], chunk: 4)
        #expect(digests == BlockDigests(block: md5(content[block]), pieces: []))
        #expect(TemporaryDirectory.read(fixture.staged) == [])
    }

    @Test func wholeBlocksAreWrittenTogether() async throws {
        let file = try await fixture.store.open(fixture.id, creating: true)
        let ranges = [range(600, 999), range(0, 0), range(1, 599)]
        let blocks = ranges.map { range in
            let bytes = content[range]
            return WholeBlock(range: range, chunks: [Array(bytes.prefix(70)), [UInt8](), Array(bytes.dropFirst(70))])
        }
        let digests = try await file.put(blocks).map { try $0.get() }
        #expect(digests == ranges.map { md5(content[$0]) })
        #expect(TemporaryDirectory.read(fixture.staged) == content)
        #expect(await file.put([]).isEmpty)
    }

    /// No file can be so long.
    @Test func aWholeBlockThatFailsLeavesTheOthersAlone() async throws {
        let file = try await fixture.store.open(fixture.id, creating: true)
        let ranges = [range(0, 499), range(.max - 10, .max - 1), range(500, 999)]
        let results = await file.put(ranges.map { WholeBlock(range: $0, chunks: [content[range(0, 499)]]) })
        #expect(throws: UploadError.self) { try results[1].get() }
        for result in [results[0], results[2]] { #expect(try result.get() == md5(content[range(0, 499)])) }
        #expect(TemporaryDirectory.read(fixture.staged) == content[range(0, 499)] + content[range(0, 499)])
    }

    @Test func manyWritersAtOnce() async throws {
        let file = try await fixture.store.open(fixture.id, creating: true)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for start in stride(from: Int64(0), to: 1000, by: 50) {
                group.addTask { [content] in
                    let block = range(start, start + 49)
                    let writer = file.makeWriter(for: block, pieces: [block])
                    for byte in content[block] { try await writer.write([[byte]]) }
                    #expect(try await writer.finish().block == md5(content[block]))
                    try await file.sync()
                }
            }
            try await group.waitForAll()
        }
        #expect(TemporaryDirectory.read(fixture.staged) == content)
    }

    @Test func openingAgainKeepsTheBytes() async throws {
        try await fixture.stage(content)
        try await fixture.store.open(fixture.id, creating: false).sync()
        // Its name is known to be durable now.
        _ = try await fixture.store.open(fixture.id, creating: true)
        #expect(TemporaryDirectory.read(fixture.staged) == content)
    }

    /// Its name may not be durable, whatever a sync says that comes after one that failed.
    @Test func aFileThatAnEarlierProcessLeftIsMadeAnewWhereNothingIsHeld() async throws {
        try fixture.folder.write(content, to: "tmp/\(fixture.id).part")
        let file = try await fixture.store.open(fixture.id, creating: true)
        #expect(TemporaryDirectory.read(fixture.staged) == [])
        try await file.sync()
    }

    /// Somebody took the first one away and put another there: the name that was made durable is not this one's.
    @Test func aFileThatTookThePlaceIsMadeAnewWhereNothingIsHeld() async throws {
        let first = try await fixture.store.open(fixture.id, creating: true)
        try await first.sync()
        try FileManager.default.moveItem(atPath: fixture.staged, toPath: fixture.folder("taken"))
        try fixture.folder.write(content, to: "tmp/\(fixture.id).part")
        _ = try await fixture.store.open(fixture.id, creating: true)
        #expect(TemporaryDirectory.read(fixture.staged) == [])
    }

    /// What is on a volume that is not there any more is not lost.
    @Test func aFileSystemThatIsNotThereIsNoLoss() async throws {
        let store = try await FilesFixture(stagingFolder: fixture.folder("other")).store
        store.home.withLock { $0 = FileSystemIdentity(kind: 1, number: 2) }
        let unreadable = await #expect(throws: UploadError.self) { try await store.stagedSize(of: fixture.id) }
        #expect(unreadable?.code == .storage)
        let unopened = await #expect(throws: UploadError.self) { try await store.open(fixture.id, creating: false) }
        #expect(unopened?.code == .storage)
    }

    @Test(arguments: [0, 1, (256 << 10) - 1, 256 << 10, (256 << 10) + 1, 5 << 20])
    func digestsOfAllSizes(size: Int) async throws {
        let bytes = SeededGenerator.bytes(size)
        try await fixture.stage(bytes)
        let digest = FileDigest(md5: md5(bytes), size: Int64(size))
        #expect(try await fixture.store.stagedDigest(of: fixture.id) == digest)
        let target = fixture.folder("store/x.bin")
        #expect(try await fixture.store.publishedDigest(at: target) == nil)
        try await fixture.store.publish(fixture.id, to: target)
        #expect(try await fixture.store.publishedDigest(at: target) == digest)
    }

    @Test func noFileHasNoDigest() async throws {
        #expect(try await fixture.store.stagedDigest(of: fixture.id) == nil)
        #expect(try await fixture.store.publishedDigest(at: fixture.folder("nothing/here")) == nil)
        #expect(try await fixture.store.stagedSize(of: fixture.id) == nil)
    }

    @Test func removesOnceAndAgain() async throws {
        try await fixture.stage(content)
        #expect(try await fixture.store.stagedSize(of: fixture.id) != nil)
        try await fixture.store.remove(fixture.id)
        try await fixture.store.remove(fixture.id)
        #expect(try await fixture.store.stagedSize(of: fixture.id) == nil)
        #expect(!fixture.exists(fixture.staged))
    }

    @Test func listsStagingFilesAndNothingElse() async throws {
        try await fixture.stage(content)
        for name in [
            "x.part", "0.part", "-1.part", "9007199254740992.part", "7.part.bak", "7", ".part", "spool-1", "+8.part",
        ] {
            try fixture.folder.write([1], to: "tmp/\(name)")
        }
        #expect(try await fixture.store.listed() == [fixture.id])
    }

    @Test func freeSpaceIsTheFileSystems() async throws {
        let target = try await fixture.store.targetSpace()
        #expect(target == nil, "one file system counts once")
        let free = try fixture.store.freeSpace(target: target)
        #expect(free.staging > 0)
        #expect(!free.isCopied, "a file is linked to its place")
    }

    /// The folder is not made for it: it might be made under a volume that is not mounted.
    @Test func theFileSystemOfAFolderThatIsNotThereYet() async throws {
        let store = try FileStore(
            stagingFolder: fixture.folder("not/there/yet"), storeDirectory: fixture.folder("store"),
            threads: IOThreads(count: 1), targetThreads: IOThreads(count: 1))
        #expect(try await store.stagingFileSystem() == fixture.store.stagingFileSystem())
        #expect(try await store.listed() == [])
        #expect(!fixture.exists(fixture.folder("not")))
        try await store.prepare()
        #expect(fixture.exists(fixture.folder("not/there/yet")))
    }

    @Test func whatWasAppendedIsCutOff() async throws {
        try await fixture.stage(content)
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: fixture.staged))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data([1, 2, 3]))
        try handle.close()
        try await fixture.store.cut(fixture.id, to: Int64(content.count))
        #expect(TemporaryDirectory.read(fixture.staged) == content)
    }

    @Test func aFolderThatCanNotBeMadeIsNamed() async throws {
        try fixture.folder.write([1], to: "file")
        let error = await #expect(throws: FileStore.FolderError.self) {
            _ = try await FilesFixture(stagingFolder: fixture.folder("file/tmp"))
        }
        #expect(error?.description.contains(fixture.folder("file/tmp")) == true)
    }

    // MARK: Spool

    @Test func aSpoolGivesBackWhatItGot() async throws {
        let spool = try await fixture.store.makeSpool()
        try await spool.append([content[range(0, 99)], content[range(100, 100)]])
        try await spool.append([content[range(101, 999)]])
        var bytes: [UInt8] = []
        while true {
            let chunk = try await spool.read(at: Int64(bytes.count), count: 333)
            guard chunk.count > 0 else { break }
            bytes += chunk.withBytes { Array($0) }
        }
        #expect(bytes == content)
        // No name that could stay behind.
        #expect(try await fixture.store.listed().isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.folder("tmp")).isEmpty)
    }

    @Test func descriptorsAreClosedWithTheirLastReference() async throws {
        let prefix = fixture.folder("tmp/")
        do {
            let file = try await fixture.store.open(fixture.id, creating: true)
            let writer = file.makeWriter(for: range(0, 9), pieces: [range(0, 9)])
            let spool = try await fixture.store.makeSpool()
            try await writer.write([content[range(0, 9)]])
            try await spool.append([content])
            let open = try openDescriptors { $0.hasPrefix(prefix) }
            withExtendedLifetime((file, writer, spool)) { #expect(open == 2) }
        }
        // The last reference may be a job's, which its thread drops just after the answer: so one more job a thread.
        _ = try await fixture.store.stagedDigest(of: fixture.id)
        while try openDescriptors(where: { $0.hasPrefix(prefix) }) > 0 { await Task.yield() }
    }

    /// A process may die, and a machine lose its power, between making a spool and unlinking it.
    @Test func spoolsThatAreLeftAreRemoved() async throws {
        let left = try fixture.folder.write([1], to: "tmp/spool-17")
        let other = try fixture.folder.write([1], to: "tmp/mine")
        #expect(try await fixture.store.listed() == [])
        #expect(!fixture.exists(left))
        #expect(fixture.exists(other))
    }
}

extension FileStore {
    /// All staging files, listed two names at a time.
    fileprivate func listed() async throws -> [TaskID] {
        let files = try await stagingFiles()
        var ids: [TaskID] = []
        while let more = try await files.next(2) { ids += more }
        return ids.sorted()
    }
}
