import Testing
import UploadTestSupport

/// The disk of the power cuts forgets what it should, and no more.
struct SimulatedDiskTests {
    private let file = UInt64(7)

    private func disk(_ events: Recording.Event...) throws -> SimulatedDisk {
        var disk = SimulatedDisk(root: "/d")
        for event in events { try disk.apply(event) }
        return disk
    }

    private func wrote(_ bytes: [UInt8], at offset: Int = 0) -> Recording.Event {
        .wrote(file: file, path: "/d/a", offset: offset, bytes: bytes[...])
    }

    private func sync(_ number: Int, _ path: String = "/d/a") -> [Recording.Event] {
        [.syncBegan(number: number, file: file, path: path), .syncEnded(number: number, file: file, path: path)]
    }

    /// What the file `a` may hold after a cut; `nil` where there is none.
    private func outcomes(_ disk: SimulatedDisk, _ path: String = "a") -> Set<[UInt8]?> {
        var random = SeededGenerator(seed: 1)
        return Set(
            (0..<400).map { round in
                disk.crash(Fate.allCases[round % Fate.allCases.count], &random).bytes(of: path)
            })
    }

    private let created = Recording.Event.created(file: 7, path: "/d/a", mode: 0o644)

    @Test func whatIsSyncedUnderASyncedNameStays() throws {
        var disk = try disk(created, wrote([1, 2, 3]))
        for event in sync(1) + sync(2, "/d") { try disk.apply(event) }
        #expect(outcomes(disk) == [[1, 2, 3]])
    }

    @Test func aSyncOfTheFileDoesNotKeepItsName() throws {
        var disk = try disk(created, wrote([1, 2, 3]))
        for event in sync(1) { try disk.apply(event) }
        #expect(outcomes(disk) == [nil, [1, 2, 3]])
    }

    @Test func aNameMayComeWithoutTheBytes() throws {
        var disk = try disk(created, wrote([1, 2, 3]))
        for event in sync(1, "/d") { try disk.apply(event) }
        #expect(outcomes(disk) == [[], [0, 0, 0], [1, 2, 3]])
    }

    @Test func aWriteMayBeTornBetweenSectors() throws {
        let (old, new) = ([UInt8](repeating: 1, count: 512), [UInt8](repeating: 2, count: 512))
        var disk = try disk(created, wrote(old + old))
        for event in sync(1) + sync(2, "/d") { try disk.apply(event) }
        try disk.apply(wrote(new + new))
        #expect(outcomes(disk) == [old + old, new + old, old + new, new + new])
    }

    @Test func aSectorIsThatOfOneMoment() throws {
        var disk = try disk(created, wrote([0, 0]))
        for event in sync(1) + sync(2, "/d") { try disk.apply(event) }
        try disk.apply(wrote([1], at: 0))
        try disk.apply(wrote([2], at: 1))
        #expect(outcomes(disk) == [[0, 0], [1, 0], [1, 2]], "never the second write without the first")
    }

    @Test func whatIsCutOffGoesAsAWhole() throws {
        let (old, new) = ([UInt8](repeating: 1, count: 2_000), [UInt8](repeating: 2, count: 10))
        var disk = try disk(created, wrote(old))
        for event in sync(1) + sync(2, "/d") { try disk.apply(event) }
        try disk.apply(.resized(file: file, path: "/d/a", size: 0))
        #expect(outcomes(disk) == [old, []])
        try disk.apply(wrote(new))
        let zeros = [UInt8](repeating: 0, count: 10)
        #expect(outcomes(disk) == [old, [], new, zeros, new + old[10...]])
    }

    @Test func whatIsWrittenDuringASyncIsNotCertain() throws {
        var disk = try disk(created, wrote([1]))
        for event in sync(1) + sync(2, "/d") { try disk.apply(event) }
        try disk.apply(.syncBegan(number: 3, file: file, path: "/d/a"))
        try disk.apply(wrote([2]))
        try disk.apply(.syncEnded(number: 3, file: file, path: "/d/a"))
        #expect(outcomes(disk) == [[1], [2]])
    }

    @Test func aRenameHappensAsAWhole() throws {
        var disk = try disk(created, wrote([1]), .created(file: 8, path: "/d/b", mode: 0o644))
        try disk.apply(.wrote(file: 8, path: "/d/b", offset: 0, bytes: [2]))
        for event in sync(1) + sync(2, "/d") { try disk.apply(event) }
        try disk.apply(.syncBegan(number: 3, file: 8, path: "/d/b"))
        try disk.apply(.syncEnded(number: 3, file: 8, path: "/d/b"))
        try disk.apply(.renamed(path: "/d/b", to: "/d/a"))
        #expect(outcomes(disk) == [[1], [2]])
        #expect(outcomes(disk, "b") == [[2], nil])
    }

    @Test func aFolderThatIsGoneTakesItsFilesAlong() throws {
        var disk = try disk(.madeFolder(path: "/d/f"), .created(file: file, path: "/d/f/a", mode: 0o644))
        try disk.apply(.wrote(file: file, path: "/d/f/a", offset: 0, bytes: [1]))
        for event in sync(1, "/d/f/a") + sync(2, "/d/f") { try disk.apply(event) }
        #expect(outcomes(disk, "f/a") == [nil, [1]])
        for event in sync(3, "/d") { try disk.apply(event) }
        #expect(outcomes(disk, "f/a") == [[1]])
    }

    @Test func aHoleInTheRecordingIsNoticed() throws {
        var disk = try disk(created)
        #expect(throws: SimulatedDisk.Inconsistent.self) { try disk.apply(.removed(path: "/d/x/y")) }
        #expect(throws: SimulatedDisk.Inconsistent.self) {
            try disk.apply(.wrote(file: 99, path: "/d/z", offset: 0, bytes: [1]))
        }
    }
}
